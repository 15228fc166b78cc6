# What makes a defect in a shipped program harder to use. In Release alone: checks of the standard library want optimized
# code, and sanitizers bring stronger ones. docker/prove.py looks for it in the programs that come out.
include(CheckCXXCompilerFlag)

if(NOT HEDUI_SANITIZER)
  add_compile_options("$<$<CONFIG:Release>:-U_FORTIFY_SOURCE;-D_FORTIFY_SOURCE=2;-fstack-protector-strong>")
  # Indirect jumps land where the compiler meant them to; x86 alone has it.
  check_cxx_compiler_flag(-fcf-protection HEDUI_HAS_CF_PROTECTION)
  if(HEDUI_HAS_CF_PROTECTION)
    add_compile_options("$<$<CONFIG:Release>:-fcf-protection>")
  endif()
  # What the loader has resolved is read-only.
  add_link_options("$<$<CONFIG:Release>:-Wl,-z,relro,-z,now>")
endif()
