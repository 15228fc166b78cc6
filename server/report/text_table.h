// Plain tables for terminals and paper, in columns of Chinese and Latin text. Thread-compatible.
#ifndef HEDUI_SERVER_REPORT_TEXT_TABLE_H_
#define HEDUI_SERVER_REPORT_TEXT_TABLE_H_

#include <cstddef>
#include <string>
#include <vector>

namespace hedui::report {

class TextTable {
 public:
  // `width` in columns of the terminal, blanks between columns included.
  TextTable(std::vector<std::string> titles, size_t width);
  // As many cells as titles. Cells are escaped for the screen here.
  void AddRow(std::vector<std::string> cells);
  bool empty() const { return rows_.empty(); }
  // Titles, a rule, the rows; every line ends in a newline. Long cells go on below themselves.
  std::string ToString() const;

 private:
  std::vector<size_t> Widths() const;

  std::vector<std::string> titles_;
  size_t width_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace hedui::report

#endif  // HEDUI_SERVER_REPORT_TEXT_TABLE_H_
