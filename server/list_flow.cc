#include "server/list_flow.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "hedui/stored/v1/verification.pb.h"
#include "server/base/dates.h"
#include "server/base/division.h"
#include "server/base/row_pages.h"
#include "server/base/status.h"
#include "server/pending_rows.h"
#include "server/report/report_builder.h"
#include "server/report_steps.h"
#include "server/rooms.h"
#include "server/stored_report.h"
#include "server/verify_flow.h"

namespace hedui {
namespace {

// Rows opened at once: an intent holds its request of up to a mebibyte.
constexpr size_t kRowsAtOnce = 32;
// A row counts as one for each of these, begun or not: some households' requests.
constexpr size_t kRowBytesOfWork = 16 << 10;
// Under a request's own keys lies one row.
constexpr size_t kHeadsMax = 1;

// Goes through rows from a place on, the newest first, and keeps those that are listed.
template <typename Item>
class Lister {
 public:
  Lister(const Rooms& rooms, const ListQuery& query) : rooms_(rooms), query_(query) {}
  virtual ~Lister() = default;

  absl::StatusOr<Page<Item>> Read() {
    absl::StatusOr<Page<Item>> page = ReadPage();
    if (!why_lost_.ok()) {
      rooms_.tell(base::FailureEvent("list_cannot_read", why_lost_)
                      .With("rows", static_cast<int64_t>(page.ok() ? page->lost : 1)));
    }
    return page;
  }

 protected:
  // Whether each day has a key of its own.
  virtual bool by_day() const = 0;
  virtual base::LookupKey KeyOn(absl::CivilDay day) const = 0;
  // Found under the key of `day`. nullopt: is not listed. DATA_LOSS: it, or what belongs to it,
  // cannot be read.
  virtual absl::StatusOr<std::optional<Item>> ItemOf(const base::Row& row, absl::CivilDay day) = 0;
  void AddWork(size_t rows) { work_ += rows; }

  const Rooms& rooms_;

 private:
  absl::StatusOr<Page<Item>> ReadPage() {
    Page<Item> page;
    PagePlace place = query_.place;
    while (true) {
      HEDUI_ASSIGN_OR_RETURN(base::RowPage rows, rooms_.pages->FindBeforeWithLost(
                                                     KeyOn(place.day), place.before, kRowsAtOnce));
      ++work_;
      for (const base::PlacedRow& placed : rows.rows) {
        work_ += 1 + placed.row.body.size() / kRowBytesOfWork;
        absl::StatusOr<std::optional<Item>> item =
            placed.lost.ok() ? ItemOf(placed.row, place.day) : placed.lost;
        place.before = placed.place;
        if (absl::IsDataLoss(item.status())) {
          ++page.lost;
          why_lost_ = item.status();
          item = std::nullopt;
        }
        HEDUI_RETURN_IF_ERROR(item.status());
        if (item->has_value()) page.items.push_back(**std::move(item));
        if (page.items.size() < query_.page_size && work_ < kPageRowsMax) continue;
        page.next = place;
        return page;
      }
      if (rows.more) {
        place.before = rows.place;
      } else if (by_day() && place.day > place.from) {
        place.day -= 1;
        place.before = base::kNewestPlace;
      } else {
        return page;
      }
      if (work_ < kPageRowsMax) continue;
      page.next = place;
      return page;
    }
  }

  const ListQuery& query_;
  size_t work_ = 0;  // rows and look-ups
  absl::Status why_lost_;
};

class VerificationLister final : public Lister<VerificationView> {
 public:
  VerificationLister(const Rooms& rooms, const VerificationQuery& query,
                     const IsRunning& is_running)
      : Lister(rooms, query), query_(query), is_running_(is_running) {}

 private:
  bool by_day() const override { return query_.matter_number.empty(); }

  base::LookupKey KeyOn(absl::CivilDay day) const override {
    return by_day() ? base::DayKey(query_.agency, base::Listed::kVerification, day)
                    : MatterVerificationsKey(query_.agency, query_.matter_number);
  }

  absl::StatusOr<std::optional<VerificationView>> ItemOf(const base::Row& row,
                                                         absl::CivilDay /*day*/) override {
    const absl::CivilDay begun = base::CivilDayOf(row.at);
    if (begun < query_.place.from || begun >= query_.place.to) return std::nullopt;
    VerificationView view;
    view.begun = row.at;
    HEDUI_RETURN_IF_ERROR(ReadNames(row, &view));
    HEDUI_RETURN_IF_ERROR(ReadState(&view));
    if (query_.state.has_value() && *query_.state != static_cast<uint8_t>(view.state)) {
      return std::nullopt;
    }
    return view;
  }

  // An intent's keys say all that a list shows of it.
  static absl::Status ReadNames(const base::Row& row, VerificationView* view) {
    bool requested = false;
    bool verified = false;
    for (const base::LookupKey& key : row.keys) {
      const std::pair<std::string, std::string> parts =
          absl::StrSplit(key.text, absl::MaxSplits('\n', 1));
      if (key.kind == base::LookupKind::kRequest) {
        HEDUI_ASSIGN_OR_RETURN(view->request_id, base::Uuid::Parse(parts.second));
        requested = true;
      } else if (key.kind == base::LookupKind::kVerification) {
        HEDUI_ASSIGN_OR_RETURN(view->verification_id, base::Uuid::FromBytes(key.text));
        verified = true;
      } else if (key.kind == base::LookupKind::kMatterVerifications) {
        view->matter_number = parts.second;
      }
    }
    return requested && verified ? absl::OkStatus() : Damaged("intent's keys");
  }

  absl::Status ReadState(VerificationView* view) {
    // Asked first: one that ends meanwhile has its end in the store before it stops running.
    const bool running = is_running_(view->request_id);
    AddWork(2);
    HEDUI_ASSIGN_OR_RETURN(
        const auto results,
        rooms_.pages->FindHeads(ResultKey(query_.agency, view->request_id), kHeadsMax));
    if (!results.empty()) {
      view->state = VerificationState::kFinished;
      view->report_number = report::ReportNumber(results[0].id, results[0].at);
      AddWork(1);
      HEDUI_ASSIGN_OR_RETURN(view->pending,
                             CountOpenPromises(*rooms_.pages, view->verification_id));
      return absl::OkStatus();
    }
    HEDUI_ASSIGN_OR_RETURN(
        const auto ends,
        rooms_.pages->FindHeads(EndedKey(query_.agency, view->request_id), kHeadsMax));
    view->state = !ends.empty() ? VerificationState::kCancelled
                  : running     ? VerificationState::kRunning
                                : VerificationState::kInterrupted;
    return absl::OkStatus();
  }

  const VerificationQuery& query_;
  const IsRunning& is_running_;
};

class MatterLister final : public Lister<access::MatterView> {
 public:
  MatterLister(const Rooms& rooms, const MatterQuery& query)
      : Lister(rooms, query), query_(query) {}

 private:
  bool by_day() const override { return true; }

  base::LookupKey KeyOn(absl::CivilDay day) const override {
    return base::DayKey(query_.agency, base::Listed::kMatter, day);
  }

  absl::StatusOr<std::optional<access::MatterView>> ItemOf(const base::Row& row,
                                                           absl::CivilDay /*day*/) override {
    HEDUI_ASSIGN_OR_RETURN(const access::MatterName name, access::NameOfMatter(row));
    if (!query_.division.empty() && !base::DivisionContains(query_.division, name.division)) {
      return std::nullopt;
    }
    size_t rows_read = 0;
    absl::StatusOr<access::MatterView> view =
        access::ReadMatter(*rooms_.rows, query_.agency, name.number, &rows_read);
    AddWork(rows_read);
    if (base::ReasonOf(view.status()) == "MATTER_ERASED") return std::nullopt;  // just now
    if (!view.ok()) return view.status();
    if (query_.state.has_value() && *query_.state != view->state) return std::nullopt;
    view->changes.clear();
    view->letters.clear();
    return *std::move(view);
  }

  const MatterQuery& query_;
};

class UsingLister final : public Lister<ReportUsing> {
 public:
  UsingLister(const Rooms& rooms, const UsingQuery& query) : Lister(rooms, query), query_(query) {}

 private:
  bool by_day() const override { return true; }

  base::LookupKey KeyOn(absl::CivilDay day) const override {
    return UsedKey(query_.source_id, day);
  }

  absl::StatusOr<std::optional<ReportUsing>> ItemOf(const base::Row& row,
                                                    absl::CivilDay day) override {
    stored::v1::Result stored;
    if (row.kind != base::RowKind::kResult || !stored.ParseFromString(row.body)) {
      return Damaged("report");
    }
    absl::Time last = absl::InfinitePast();
    for (const UsedSource& use : UsesOf(stored)) {
      const bool within = use.at >= query_.from && use.at < query_.to;
      if (within && use.source_id == query_.source_id) last = std::max(last, use.at);
    }
    // What the source said on several days is told of on the last of them.
    if (last == absl::InfinitePast() || base::CivilDayOf(last) != day) return std::nullopt;
    return ReportUsing{report::ReportNumber(row.id, row.at), stored.agency(), row.at, last};
  }

  const UsingQuery& query_;
};

// `read` on the disk pool, what it gives to `done` on the loop.
template <typename Result>
void OnDisk(const Rooms* rooms, runtime::EventLoop* loop,
            std::function<absl::StatusOr<Result>()> read,
            absl::AnyInvocable<void(absl::StatusOr<Result>) &&> done) {
  using Done = absl::AnyInvocable<void(absl::StatusOr<Result>) &&>;
  // The pool drops the task it does not take; what waits must still be answered.
  auto waiting = std::make_shared<Done>(std::move(done));
  runtime::Task task = [rooms, loop, read = std::move(read), waiting] {
    absl::StatusOr<Result> result = read();
    if (!result.ok() && base::VisibilityOf(result.status()) == base::Visibility::kOperator) {
      rooms->tell(absl::StrCat("reading a list or a matter failed: ", result.status().ToString()));
    }
    loop->Post([waiting, result = std::move(result)]() mutable {
      std::move (*waiting)(std::move(result));
    });
  };
  if (rooms->disk->TrySubmit(std::move(task))) return;
  loop->Post([waiting] {
    std::move (*waiting)(Busy("READERS_FULL", "the platform reads as much as it can"));
  });
}

}  // namespace

PagePlace FirstPlace(absl::CivilDay from, absl::CivilDay to) {
  return {from, to, to - 1, base::kNewestPlace};
}

void ListVerifications(const Rooms* rooms, runtime::EventLoop* loop, VerificationQuery query,
                       IsRunning is_running, VerificationPageDone done) {
  OnDisk<Page<VerificationView>>(
      rooms, loop,
      [rooms, query = std::move(query), is_running = std::move(is_running)] {
        return VerificationLister(*rooms, query, is_running).Read();
      },
      std::move(done));
}

void ListMatters(const Rooms* rooms, runtime::EventLoop* loop, MatterQuery query,
                 MatterPageDone done) {
  OnDisk<Page<access::MatterView>>(
      rooms, loop, [rooms, query = std::move(query)] { return MatterLister(*rooms, query).Read(); },
      std::move(done));
}

void ListReportsUsing(const Rooms* rooms, runtime::EventLoop* loop, UsingQuery query,
                      UsingPageDone done) {
  OnDisk<Page<ReportUsing>>(
      rooms, loop, [rooms, query = std::move(query)] { return UsingLister(*rooms, query).Read(); },
      std::move(done));
}

void ReadMatter(const Rooms* rooms, runtime::EventLoop* loop, std::string agency,
                std::string matter_number, MatterDone done) {
  OnDisk<access::MatterView>(
      rooms, loop,
      [rooms, agency = std::move(agency), matter_number = std::move(matter_number)] {
        return access::ReadMatter(*rooms->rows, agency, matter_number);
      },
      std::move(done));
}

}  // namespace hedui
