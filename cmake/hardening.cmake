# What the compiler and the linker can do against the consequences of a mistake of ours, in every program that is not
# built for a sanitizer (which checks more and dislikes fortified calls). tools/check_hardening.py looks at the results.
# Cost, in instructions that callgrind counts (SmolLM2-135M, int4-g32, 4 layers, one thread, AVX2): 0.2 % of decoding,
# 0.04 % of a prompt.
include_guard()

set(is_program $<STREQUAL:$<TARGET_PROPERTY:TYPE>,EXECUTABLE>)
add_compile_options(-fstack-protector-strong -fstack-clash-protection)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  add_compile_options(-fcf-protection=full)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64")
  add_compile_options(-mbranch-protection=standard)
endif()
# _FORTIFY_SOURCE needs the optimiser; some distributions define another level themselves.
add_compile_options($<$<CONFIG:Release>:-U_FORTIFY_SOURCE> $<$<CONFIG:Release>:-D_FORTIFY_SOURCE=3>)
add_link_options($<${is_program}:-pie> -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack)
