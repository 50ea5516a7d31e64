# Writes each of `outputs`, the text of its `inputs` with our own includes under lightloom/; leaves alone what did not change.
foreach(input output IN ZIP_LISTS inputs outputs)
  file(READ "${input}" text)
  string(REGEX REPLACE "#include \"(core|photonic|memory|nn|calibration|cosim|experiments)/" "#include \"lightloom/\\1/" text
                       "${text}")
  set(old "")
  if(EXISTS "${output}")
    file(READ "${output}" old)
  endif()
  if(NOT old STREQUAL text)
    file(WRITE "${output}" "${text}")
  endif()
endforeach()
