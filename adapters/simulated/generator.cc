#include "adapters/simulated/generator.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "hedui/v1/source.pb.h"

namespace hedui::adapters {
namespace {

// Enough for every look-back; keeps an open period from filling a message.
constexpr int kMonthsMax = 24;

v1::Field* AddField(v1::Record* record, const char* name) {
  v1::Field* field = record->add_fields();
  field->set_name(name);
  return field;
}

v1::Record* AddRecord(v1::SourceAnswer* out, const char* kind) {
  v1::Record* record = out->add_records();
  record->set_kind(kind);
  return record;
}

// Two people in three have a job; it pays the same every month.
void GenerateWages(uint64_t draw, const base::Period& asked, absl::CivilDay data_day,
                   v1::SourceAnswer* out) {
  if (draw % 3 == 0) return;
  const int64_t fen = 100'000 + static_cast<int64_t>(draw / 3 % 5'000) * 100;
  const std::string payer = absl::StrCat("合成用人单位", draw % 997);
  const absl::CivilMonth end(asked.to.has_value() ? *asked.to : data_day + 1);
  const absl::CivilMonth begin = asked.from.has_value()
                                     ? std::max(absl::CivilMonth(*asked.from), end - kMonthsMax)
                                     : end - kMonthsMax;
  for (absl::CivilMonth month = begin; month < end; ++month) {
    v1::Record* record = AddRecord(out, "wage");
    AddField(record, "month")->set_month(base::FormatMonth(month));
    AddField(record, "payer")->set_text(payer);
    AddField(record, "amount")->set_money_fen(fen);
  }
}

// Half of the people have an account.
void GenerateDeposit(uint64_t draw, v1::SourceAnswer* out) {
  if (draw % 2 == 0) return;
  v1::Record* record = AddRecord(out, "deposit");
  AddField(record, "institution")->set_text(absl::StrCat("合成银行", draw % 31));
  AddField(record, "amount")->set_money_fen(static_cast<int64_t>(draw / 2 % 3'000'000));
}

// One person in eight owns a vehicle.
void GenerateVehicle(uint64_t draw, v1::SourceAnswer* out) {
  if (draw % 8 != 0) return;
  static constexpr const char* kClasses[] = {"motorcycle", "passenger_car", "small_truck"};
  v1::Record* record = AddRecord(out, "vehicle");
  AddField(record, "class")->set_text(kClasses[draw / 8 % 3]);
  AddField(record, "plate_tail")->set_text(absl::StrCat(100 + draw / 24 % 900));
}

}  // namespace

uint64_t Draw(uint64_t seed, absl::string_view what, absl::string_view whom) {
  // FNV-1a over the texts, then the finisher of SplitMix64: absl's own hashing differs from process
  // to process.
  uint64_t hash = 14695981039346656037ULL ^ seed;
  const auto mix = [&hash](absl::string_view text) {
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
    hash = (hash ^ 0xff) * 1099511628211ULL;  // "ab","c" is not "a","bc"
  };
  mix(what);
  mix(whom);
  hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9ULL;
  hash = (hash ^ (hash >> 27)) * 0x94d049bb133111ebULL;
  return hash ^ (hash >> 31);
}

void GenerateRecords(uint64_t seed, absl::string_view category, absl::string_view number,
                     const base::Period& asked, absl::CivilDay data_day, v1::SourceAnswer* out) {
  const uint64_t draw = Draw(seed, category, number);
  if (category == "employment") {
    GenerateWages(draw, asked, data_day, out);
  } else if (category == "deposit") {
    GenerateDeposit(draw, out);
  } else if (category == "vehicle") {
    GenerateVehicle(draw, out);
  }
}

}  // namespace hedui::adapters
