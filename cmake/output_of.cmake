# Writes what `program` prints with `arguments` to `output`.
execute_process(COMMAND "${program}" ${arguments} OUTPUT_FILE "${output}" COMMAND_ERROR_IS_FATAL ANY)
