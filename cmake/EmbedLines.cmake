# cmake -DINPUT=a.tsv -DOUTPUT=a.cc -DSYMBOL=kName -P EmbedLines.cmake
# Turns a text file into a C++ array of its lines: hedui::base::<SYMBOL> and <SYMBOL>Size. One literal a line,
# since compilers need not take a literal past 65,536 characters.
file(READ "${INPUT}" text)
string(REPLACE "\\" "\\\\" text "${text}")
string(REPLACE "\"" "\\\"" text "${text}")
string(REPLACE "\t" "\\t" text "${text}")
string(REGEX REPLACE "([^\n]*)\n" "    \"\\1\",\n" text "${text}")
file(WRITE "${OUTPUT}.new"
"// Generated from a table by cmake/EmbedLines.cmake.
#include <cstddef>

namespace hedui::base {
extern const char* const ${SYMBOL}[];
extern const size_t ${SYMBOL}Size;
const char* const ${SYMBOL}[] = {
${text}};
const size_t ${SYMBOL}Size = sizeof(${SYMBOL}) / sizeof(${SYMBOL}[0]);
}  // namespace hedui::base
")
file(RENAME "${OUTPUT}.new" "${OUTPUT}")
