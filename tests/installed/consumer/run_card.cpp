// A shipped experiment card, changed a little, run to its results.
#include <cstdio>
#include <exception>
#include <lightloom/experiments.hpp>
#include <string>

int main(int, char** arguments) try {
  const lightloom::Labelled results = lightloom::experiments::run_card(
      arguments[1], {"measure=[cost]", "batch=2", "name=from a user's program"});
  const auto time = results.variables.size();
  std::printf("run_card: %zu variables of \"%s\", lightloom %s\n", time,
              std::get<std::string>(results.attributes.at("title")).c_str(),
              std::get<std::string>(results.attributes.at("program_version")).c_str());
  return time > 0 ? 0 : 1;
} catch (const std::exception& error) {
  std::fprintf(stderr, "run_card: %s\n", error.what());
  return 2;
}
