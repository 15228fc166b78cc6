#include "server/report/text_table.h"

#include <algorithm>
#include <utility>

#include "server/report/display_text.h"

namespace hedui::report {
namespace {

constexpr size_t kGap = 2;
constexpr size_t kColumnWidthMin = 6;

void AppendCells(const std::vector<std::string>& cells, const std::vector<size_t>& widths,
                 std::string* out) {
  std::vector<std::vector<std::string>> pieces;
  size_t height = 0;
  for (size_t i = 0; i < cells.size(); ++i) {
    pieces.push_back(WrapText(cells[i], widths[i]));
    height = std::max(height, pieces.back().size());
  }
  for (size_t line = 0; line < height; ++line) {
    std::string text;
    for (size_t i = 0; i < cells.size(); ++i) {
      const std::string& piece = line < pieces[i].size() ? pieces[i][line] : std::string();
      text.append(PadRight(piece, widths[i] + kGap));
    }
    text.erase(text.find_last_not_of(' ') + 1);
    out->append(text);
    out->push_back('\n');
  }
}

}  // namespace

TextTable::TextTable(std::vector<std::string> titles, size_t width)
    : titles_(std::move(titles)), width_(width) {}

void TextTable::AddRow(std::vector<std::string> cells) {
  for (std::string& cell : cells) cell = EscapeForDisplay(cell);
  cells.resize(titles_.size());
  rows_.push_back(std::move(cells));
}

// As wide as the contents; where that is too much the widest columns give way.
std::vector<size_t> TextTable::Widths() const {
  std::vector<size_t> widths;
  for (size_t i = 0; i < titles_.size(); ++i) {
    size_t widest = DisplayWidth(titles_[i]);
    for (const auto& row : rows_) widest = std::max(widest, DisplayWidth(row[i]));
    widths.push_back(std::min(widest, width_));
  }
  const size_t gaps = kGap * (widths.size() - 1);
  const size_t room = width_ > gaps ? width_ - gaps : 0;
  size_t total = 0;
  for (const size_t width : widths) total += width;
  while (total > room) {
    const auto widest = std::max_element(widths.begin(), widths.end());
    if (*widest <= kColumnWidthMin) break;
    --*widest;
    --total;
  }
  return widths;
}

std::string TextTable::ToString() const {
  const std::vector<size_t> widths = Widths();
  std::string out;
  AppendCells(titles_, widths, &out);
  size_t rule = kGap * (widths.size() - 1);
  for (const size_t width : widths) rule += width;
  out.append(rule, '-');
  out.push_back('\n');
  for (const auto& row : rows_) AppendCells(row, widths, &out);
  return out;
}

}  // namespace hedui::report
