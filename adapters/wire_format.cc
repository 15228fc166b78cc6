#include "adapters/wire_format.h"

#include <google/protobuf/arena.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "adapters/wire_answer.h"
#include "hedui/v1/source.pb.h"
#include "server/base/dates.h"
#include "server/base/digest.h"

namespace hedui::adapters {
namespace {

using base::Answer;
using base::AnswerKind;
using base::Reason;
using google::protobuf::internal::WireFormatLite;

// One reader for both.
constexpr int kFieldsOfQuery[] = {v1::QueryResponse::kAnswersFieldNumber,
                                  v1::QueryResponse::kPendingTokenFieldNumber,
                                  v1::QueryResponse::kPendingReadyAfterSecondsFieldNumber};
constexpr int kFieldsOfPoll[] = {v1::PollResponse::kAnswersFieldNumber,
                                 v1::PollResponse::kPendingTokenFieldNumber,
                                 v1::PollResponse::kPendingReadyAfterSecondsFieldNumber};
static_assert(kFieldsOfQuery[0] == kFieldsOfPoll[0] && kFieldsOfQuery[1] == kFieldsOfPoll[1] &&
              kFieldsOfQuery[2] == kFieldsOfPoll[2]);

// Instants past this year are a mistake of the source.
constexpr int64_t kReadyAfterSecondsMax = 253'402'300'800;  // the year 10,000

// A response, its answers still in bytes: their digests are of what was received.
struct RawResponse {
  std::vector<absl::string_view> answers;
  std::string pending_token;
  int64_t ready_after_seconds = 0;
};

// False when the bytes are not a message or hold too many answers. Fields we do not know are
// skipped.
bool SplitResponse(absl::string_view bytes, RawResponse* raw) {
  google::protobuf::io::CodedInputStream in(reinterpret_cast<const uint8_t*>(bytes.data()),
                                            static_cast<int>(bytes.size()));
  while (const uint32_t tag = in.ReadTag()) {
    const int field = WireFormatLite::GetTagFieldNumber(tag);
    const WireFormatLite::WireType type = WireFormatLite::GetTagWireType(tag);
    if (field == v1::QueryResponse::kAnswersFieldNumber &&
        type == WireFormatLite::WIRETYPE_LENGTH_DELIMITED) {
      uint32_t size = 0;
      if (!in.ReadVarint32(&size)) return false;
      const auto at = static_cast<size_t>(in.CurrentPosition());
      if (size > bytes.size() - at || raw->answers.size() == kAnswersPerResponseMax) return false;
      raw->answers.push_back(bytes.substr(at, size));
      if (!in.Skip(static_cast<int>(size))) return false;
    } else if (field == v1::QueryResponse::kPendingTokenFieldNumber &&
               type == WireFormatLite::WIRETYPE_LENGTH_DELIMITED) {
      uint32_t size = 0;
      if (!in.ReadVarint32(&size) || !in.ReadString(&raw->pending_token, static_cast<int>(size))) {
        return false;
      }
    } else if (field == v1::QueryResponse::kPendingReadyAfterSecondsFieldNumber &&
               type == WireFormatLite::WIRETYPE_VARINT) {
      uint64_t value = 0;
      if (!in.ReadVarint64(&value)) return false;
      raw->ready_after_seconds = static_cast<int64_t>(value);
    } else if (!WireFormatLite::SkipField(&in, tag)) {
      return false;
    }
  }
  return in.ConsumedEntireMessage();
}

bool SaysTheSame(const Answer& a, const Answer& b) {
  return a.kind == b.kind && a.reason == b.reason && a.data_day == b.data_day &&
         a.covered == b.covered && a.complete == b.complete && a.subject == b.subject &&
         a.records == b.records;
}

// Puts answers into the places of the pairs asked.
class Places {
 public:
  explicit Places(const plan::SourceQuery& query) {
    size_t pairs = 0;
    for (const plan::PersonQuery& person : query.people) pairs += person.categories.size();
    places_.reserve(pairs);
    for (const plan::PersonQuery& person : query.people) {
      for (const std::string& category : person.categories) places_.push_back({&person, &category});
    }
  }

  // The index of the pair, or nothing when nobody asked for it. Answers mostly come in the order
  // asked.
  std::optional<size_t> Find(absl::string_view person_id, absl::string_view category) {
    if (next_ < places_.size() && Is(places_[next_], person_id, category)) return next_++;
    if (by_pair_.empty()) {
      for (size_t i = 0; i < places_.size(); ++i) {
        by_pair_[{places_[i].person->person_id, *places_[i].category}] = i;
      }
    }
    const auto found = by_pair_.find({person_id, category});
    if (found == by_pair_.end()) return std::nullopt;
    next_ = found->second + 1;
    return found->second;
  }
  const base::Identity& identity(size_t index) const { return places_[index].person->identity; }

  void Put(size_t index, Answer answer) {
    Place& place = places_[index];
    if (!place.taken) {
      place.taken = true;
      place.answer = std::move(answer);
    } else if (!SaysTheSame(place.answer, answer)) {
      place.answer.kind = AnswerKind::kAmbiguous;
      place.answer.reason = Reason::kContradiction;
    }
  }

  // What is still empty becomes UNAVAILABLE for this reason.
  std::vector<Answer> Finish(Reason missing) && {
    std::vector<Answer> answers;
    answers.reserve(places_.size());
    for (Place& place : places_) {
      if (!place.taken) place.answer.reason = missing;
      place.answer.person_id = place.person->person_id;
      place.answer.category = *place.category;
      answers.push_back(std::move(place.answer));
    }
    return answers;
  }

 private:
  struct Place {
    const plan::PersonQuery* person;
    const std::string* category;
    Answer answer;
    bool taken = false;
  };
  static bool Is(const Place& place, absl::string_view person_id, absl::string_view category) {
    return *place.category == category && place.person->person_id == person_id;
  }

  std::vector<Place> places_;
  size_t next_ = 0;
  absl::flat_hash_map<std::pair<absl::string_view, absl::string_view>, size_t> by_pair_;
};

// Counts what was wrong; texts name rules and positions, never content.
class Defects {
 public:
  void Add(size_t answer, const char* text) {
    if (count_++ == 0) first_ = absl::StrCat("answer ", answer, ": ", text);
  }
  void CountUnasked() { ++unasked_; }
  std::string ToString() const {
    std::string text;
    if (count_ > 0) text = absl::StrCat(count_, " answers malformed, the first: ", first_);
    if (unasked_ > 0) {
      absl::StrAppend(&text, text.empty() ? "" : "; ", unasked_, " answers nobody asked for");
    }
    return text;
  }

 private:
  int count_ = 0;
  int unasked_ = 0;
  std::string first_;
};

void MakeMalformed(Answer* answer) {
  std::string digest = std::move(answer->digest);
  *answer = Answer();
  answer->kind = AnswerKind::kUnavailable;
  answer->reason = Reason::kMalformed;
  answer->digest = std::move(digest);
}

// A promise is worth something only with the token that redeems it.
void SettlePending(RawResponse raw, Defects* defects, SourceReply* reply) {
  const bool redeemable =
      !raw.pending_token.empty() && raw.pending_token.size() <= kPendingTokenBytesMax;
  bool pending = false;
  for (size_t i = 0; i < reply->answers.size(); ++i) {
    Answer& answer = reply->answers[i];
    if (answer.kind != AnswerKind::kPending) continue;
    pending = true;
    if (redeemable) continue;
    answer.kind = AnswerKind::kUnavailable;
    answer.reason = Reason::kMalformed;
    defects->Add(i, "pending without a token that can be used");
  }
  if (!pending || !redeemable) return;
  reply->pending_token = std::move(raw.pending_token);
  if (raw.ready_after_seconds > 0 && raw.ready_after_seconds < kReadyAfterSecondsMax) {
    reply->pending_ready_after = absl::FromUnixSeconds(raw.ready_after_seconds);
  }
}

// What both kinds of request say alike.
template <typename Request>
void Fill(const plan::SourceQuery& query, std::string attempt_id, std::string warrant,
          Request* out) {
  out->set_attempt_id(std::move(attempt_id));
  out->set_warrant(std::move(warrant));
  if (query.period.from.has_value()) {
    out->mutable_period()->set_from(base::FormatDay(*query.period.from));
  }
  if (query.period.to.has_value()) {
    out->mutable_period()->set_to(base::FormatDay(*query.period.to));
  }
  out->mutable_people()->Reserve(static_cast<int>(query.people.size()));
  for (const plan::PersonQuery& person : query.people) {
    v1::QueryPerson* added = out->add_people();
    added->set_person_id(person.person_id);
    v1::Identity* identity = added->mutable_identity();
    identity->set_kind(static_cast<v1::IdentityKind>(person.identity.kind));
    identity->set_number(person.identity.number);
    identity->set_name(person.identity.name);
    for (const std::string& category : person.categories) added->add_categories(category);
  }
}

}  // namespace

void FillQueryRequest(const plan::SourceQuery& query, std::string attempt_id, std::string warrant,
                      v1::QueryRequest* out) {
  Fill(query, std::move(attempt_id), std::move(warrant), out);
}

void FillPollRequest(const plan::SourceQuery& query, std::string token, std::string attempt_id,
                     std::string warrant, v1::PollRequest* out) {
  out->set_pending_token(std::move(token));
  Fill(query, std::move(attempt_id), std::move(warrant), out);
}

SourceReply DecodeQueryResponse(absl::string_view bytes, const plan::SourceQuery& query,
                                absl::string_view digest_key) {
  RawResponse raw;
  if (!SplitResponse(bytes, &raw)) {
    return UniformReply(query, AnswerKind::kUnavailable, Reason::kMalformed, /*retryable=*/false,
                        "the response is not a message or holds too many answers");
  }
  // Most responses fit in here, so that parsing them asks the heap for long texts only.
  alignas(8) char first_block[8'192];
  google::protobuf::ArenaOptions options;
  options.initial_block = first_block;
  options.initial_block_size = sizeof(first_block);
  google::protobuf::Arena arena(options);
  auto* wire = google::protobuf::Arena::CreateMessage<v1::SourceAnswer>(&arena);

  Places places(query);
  Defects defects;
  const base::HmacKey digest(base::HashAlgorithm::kSha256, digest_key);
  Reason missing = Reason::kEmpty;
  for (size_t i = 0; i < raw.answers.size(); ++i) {
    if (!wire->ParseFromArray(raw.answers[i].data(), static_cast<int>(raw.answers[i].size()))) {
      // Whose answer it was cannot be told, so whoever has none may have lost it here.
      missing = Reason::kMalformed;
      defects.Add(i, "it is not a message");
      continue;
    }
    const std::optional<size_t> index = places.Find(wire->person_id(), wire->category());
    if (!index.has_value()) {
      defects.CountUnasked();
      continue;
    }
    Answer answer;
    answer.digest.resize(base::kDigestBytes);
    digest.Into({raw.answers[i]}, reinterpret_cast<uint8_t*>(answer.digest.data()));
    if (const char* defect = TakeAnswer(wire, query, places.identity(*index), &answer)) {
      MakeMalformed(&answer);
      defects.Add(i, defect);
    }
    places.Put(*index, std::move(answer));
  }
  SourceReply reply;
  reply.answers = std::move(places).Finish(missing);
  SettlePending(std::move(raw), &defects, &reply);
  reply.operator_text = defects.ToString();
  return reply;
}

SourceReply FailedCall(absl::StatusCode code, absl::string_view message,
                       const plan::SourceQuery& query) {
  const auto unavailable = [&](Reason reason, bool retryable) {
    return UniformReply(query, AnswerKind::kUnavailable, reason, retryable,
                        absl::StrCat("the call failed: ", absl::StatusCodeToString(code)));
  };
  switch (code) {
    case absl::StatusCode::kDeadlineExceeded:
      return unavailable(Reason::kLate, true);
    case absl::StatusCode::kUnavailable:
      return unavailable(Reason::kUnreachable, true);
    case absl::StatusCode::kResourceExhausted:
      // Our own limit on what we receive fails with the code that sources use for "come back
      // later".
      if (absl::StartsWith(message, "Received message larger than max")) {
        return unavailable(Reason::kOversized, false);
      }
      return unavailable(Reason::kOverloaded, true);
    case absl::StatusCode::kUnknown:
      // What gRPC makes of a connection that ended for something else than an end or a reset, as
      // when a byte was altered on the way and TLS noticed. The source may be well.
      if (message == "Stream removed") return unavailable(Reason::kUnreachable, true);
      return unavailable(Reason::kSourceError, false);
    case absl::StatusCode::kAborted:
      return unavailable(Reason::kSourceError, true);
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kUnauthenticated: {
      const bool warrant = absl::StartsWith(message, "WARRANT_");
      return UniformReply(query, AnswerKind::kRefused,
                          warrant ? Reason::kWarrantRejected : Reason::kSourceRefused,
                          /*retryable=*/false,
                          absl::StrCat("the call was refused: ", absl::StatusCodeToString(code),
                                       warrant ? ", the warrant was not accepted" : ""));
    }
    default:
      return unavailable(Reason::kSourceError, false);
  }
}

SourceReply FailedPoll(absl::StatusCode code, absl::string_view message,
                       const plan::SourceQuery& query) {
  SourceReply reply = FailedCall(code, message, query);
  reply.token_unknown = code == absl::StatusCode::kNotFound;
  // Nobody in particular was refused, and the promise was given before: as an answer it would end
  // the promise for everybody, for what may be a certificate that is renewed tomorrow.
  for (Answer& answer : reply.answers) {
    if (answer.reason == Reason::kSourceRefused) answer.kind = AnswerKind::kUnavailable;
  }
  return reply;
}

}  // namespace hedui::adapters
