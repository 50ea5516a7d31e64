#pragma once

#include <string_view>

/// Texts compiled into the program by CMakeLists.txt.
namespace lightloom::experiments::embedded {

extern const std::string_view chart_library;  // Chart.js, MIT licence, its banner included
extern const std::string_view page_template;
extern const std::string_view page_style;
extern const std::string_view page_data_script;
extern const std::string_view page_chart_script;
extern const std::string_view page_sweep_chart_script;
extern const std::string_view page_parts_script;
extern const std::string_view page_zoom_script;
extern const std::string_view page_tiles_script;
extern const std::string_view page_mesh_script;
extern const std::string_view page_sweep_script;
extern const std::string_view page_curves_script;
extern const std::string_view page_script;

}  // namespace lightloom::experiments::embedded
