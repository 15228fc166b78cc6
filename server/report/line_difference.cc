#include "server/report/line_difference.h"

#include <google/protobuf/message.h>
#include <google/protobuf/unknown_field_set.h>

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "hedui/report/v1/report.pb.h"
#include "server/report/display_text.h"
#include "server/report/strict_proto.h"

namespace hedui::report {
namespace {

// Enough of a text to see what changed.
constexpr size_t kTextShownColumns = 60;

std::string Shown(const std::string& text) {
  return absl::StrCat("“", WrapText(EscapeForDisplay(text), kTextShownColumns)[0], "”");
}

struct ReadLine {
  v1::Line line;
  bool readable = false;
  std::string content;  // without its number and those of its inputs
  // Where the same line stands on the other side.
  std::optional<size_t> partner;
};

std::vector<ReadLine> ReadLines(const std::vector<std::string>& lines) {
  std::vector<ReadLine> read(lines.size());
  for (size_t i = 0; i < lines.size(); ++i) {
    read[i].readable = ParseLeniently(lines[i], &read[i].line);
    v1::Line content = read[i].line;
    content.clear_number();
    content.clear_inputs();
    read[i].content = content.SerializeAsString();
  }
  return read;
}

std::string KeyOf(const ReadLine& read) {
  return absl::StrCat(static_cast<int>(read.line.kind()), "\n", read.line.code(), "\n",
                      read.line.person_id());
}

// Pairs, in their order, what `name` calls the same.
template <typename Name>
void Pair(std::vector<ReadLine>* issued, std::vector<ReadLine>* now, Name name) {
  std::map<std::string, std::deque<size_t>> free;
  for (size_t i = 1; i < now->size(); ++i) {
    if (!(*now)[i].partner.has_value()) free[name((*now)[i])].push_back(i);
  }
  for (size_t i = 1; i < issued->size(); ++i) {
    if ((*issued)[i].partner.has_value()) continue;
    const auto found = free.find(name((*issued)[i]));
    if (found == free.end() || found->second.empty()) continue;
    const size_t place = found->second.front();
    found->second.pop_front();
    (*issued)[i].partner = place;
    (*now)[place].partner = i;
  }
}

// The fields that differ, by name; `left_out` is told of elsewhere.
std::string DifferingFields(const google::protobuf::Message& a, const google::protobuf::Message& b,
                            absl::string_view left_out) {
  const google::protobuf::Descriptor& descriptor = *a.GetDescriptor();
  const auto only = [&descriptor](const google::protobuf::Message& message, int field) {
    const std::unique_ptr<google::protobuf::Message> copy(message.New());
    copy->CopyFrom(message);
    copy->GetReflection()->MutableUnknownFields(copy.get())->Clear();
    for (int other = 0; other < descriptor.field_count(); ++other) {
      if (other != field) copy->GetReflection()->ClearField(copy.get(), descriptor.field(other));
    }
    return copy->SerializeAsString();
  };
  std::vector<std::string> names;
  for (int i = 0; i < descriptor.field_count(); ++i) {
    const std::string name = descriptor.field(i)->name();
    if (name != left_out && only(a, i) != only(b, i)) names.push_back(name);
  }
  return names.empty() ? "fields that are not known here" : absl::StrJoin(names, ", ");
}

std::string NameOf(size_t number, const v1::Line& line) {
  return absl::StrCat("line ", number, " (", EscapeForDisplay(line.code()), ")",
                      line.person_id().empty() ? "" : " of ", EscapeForDisplay(line.person_id()));
}

// The lines that a line was made from, as those of the other side.
std::vector<size_t> InputsElsewhere(const std::vector<ReadLine>& lines, const v1::Line& line) {
  std::vector<size_t> inputs;
  for (const uint32_t input : line.inputs()) {
    const bool paired = input < lines.size() && lines[input].partner.has_value();
    inputs.push_back(paired ? *lines[input].partner : SIZE_MAX);
  }
  std::sort(inputs.begin(), inputs.end());
  return inputs;
}

bool SameInputs(const std::vector<ReadLine>& issued, const v1::Line& before,
                const v1::Line& after) {
  const std::vector<size_t> moved = InputsElsewhere(issued, before);
  return std::equal(moved.begin(), moved.end(), after.inputs().begin(), after.inputs().end(),
                    [](size_t a, uint32_t b) { return a == b; });
}

// Nothing where the two are the same but for numbers.
std::optional<std::string> DescribePair(const std::vector<ReadLine>& issued,
                                        const std::vector<ReadLine>& now, size_t number) {
  const v1::Line& before = issued[number].line;
  const v1::Line& after = now[*issued[number].partner].line;
  const std::string name = NameOf(number, before);
  if (before.text() != after.text()) {
    return absl::StrCat(name, ": issued ", Shown(before.text()), ", now ", Shown(after.text()));
  }
  if (issued[number].content != now[*issued[number].partner].content) {
    v1::Line numbered = before;
    numbered.set_number(after.number());
    *numbered.mutable_inputs() = after.inputs();
    return absl::StrCat(name, ": same text, but what stands behind it differs: ",
                        DifferingFields(numbered, after, "number"));
  }
  if (SameInputs(issued, before, after)) return std::nullopt;
  return absl::StrCat(name, ": same text, but what stands behind it differs: inputs");
}

void DescribeHeader(const std::string& issued, const std::string& now,
                    std::vector<std::string>* texts) {
  if (issued == now) return;
  v1::Line before;
  v1::Line after;
  if (!ParseLeniently(issued, &before) || !ParseLeniently(now, &after)) {
    texts->push_back("line 0 (header): as issued it cannot be read");
    return;
  }
  texts->push_back(absl::StrCat("line 0 (header): differs in ",
                                DifferingFields(before.header(), after.header(), "")));
}

}  // namespace

std::vector<std::string> DescribeDifferences(const std::vector<std::string>& issued_bytes,
                                             const std::vector<std::string>& now_bytes) {
  std::vector<std::string> texts;
  if (issued_bytes == now_bytes) return texts;
  std::vector<ReadLine> issued = ReadLines(issued_bytes);
  std::vector<ReadLine> now = ReadLines(now_bytes);
  Pair(&issued, &now, [](const ReadLine& read) { return read.content; });
  Pair(&issued, &now, &KeyOf);
  // Line 0 is the header on both sides.
  if (!issued.empty() && !now.empty()) issued[0].partner = now[0].partner = 0;
  size_t moved = 0;
  std::string first_moved;
  for (size_t i = 1; i < issued.size(); ++i) {
    if (!issued[i].readable) {
      texts.push_back(absl::StrCat("line ", i, ": as issued it cannot be read"));
    } else if (!issued[i].partner.has_value()) {
      texts.push_back(absl::StrCat(NameOf(i, issued[i].line), ": not there any more, issued ",
                                   Shown(issued[i].line.text())));
    } else if (auto text = DescribePair(issued, now, i); text.has_value()) {
      texts.push_back(*std::move(text));
    } else if (*issued[i].partner != i && moved++ == 0) {
      first_moved = absl::StrCat(NameOf(i, issued[i].line), ", now ", *issued[i].partner);
    }
  }
  for (size_t i = 1; i < now.size(); ++i) {
    if (now[i].partner.has_value()) continue;
    texts.push_back(
        absl::StrCat(NameOf(i, now[i].line), ": was not there, now ", Shown(now[i].line.text())));
  }
  if (moved > 0) {
    texts.push_back(
        absl::StrCat(moved, " lines are the same but for where they stand, first ", first_moved));
  }
  if (!issued_bytes.empty() && !now_bytes.empty()) {
    DescribeHeader(issued_bytes[0], now_bytes[0], &texts);
  }
  // Bytes that differ where nothing above looks.
  if (texts.empty()) texts.push_back("the lines' bytes differ, but nothing that they say");
  return texts;
}

}  // namespace hedui::report
