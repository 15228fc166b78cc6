#include "server/store/sqlite/policy_tables.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/status.h"
#include "server/store/bytes.h"

namespace hedui::store {
namespace {

// Path and SHA-256 of its bytes.
using FileKey = std::pair<std::string, std::string>;

absl::Status Invalid(absl::string_view text) {
  return base::MakeError(absl::StatusCode::kInvalidArgument, "POLICY_SET_INVALID", text,
                         base::Visibility::kOperator);
}

absl::Status Damaged(absl::string_view text) {
  return base::MakeError(absl::StatusCode::kDataLoss, "STORE_CORRUPT",
                         absl::StrCat("the archive of policy sets is damaged: ", text),
                         base::Visibility::kOperator);
}

// The files there are, by what they are: their numbers.
absl::StatusOr<std::map<FileKey, uint32_t>> ReadFileNumbers(Connection* connection) {
  std::map<FileKey, uint32_t> numbers;
  HEDUI_ASSIGN_OR_RETURN(Statement read,
                         connection->Prepare("SELECT file,path,digest FROM policy_files"));
  HEDUI_RETURN_IF_ERROR(ForEachRow(&read, [&numbers](const Statement& row) {
    numbers[{std::string(row.Blob(1)), std::string(row.Blob(2))}] =
        static_cast<uint32_t>(row.Int(0));
    return absl::OkStatus();
  }));
  return numbers;
}

// Adds the sets' files to those there are.
absl::Status WriteFiles(Connection* connection, const assess::PolicySets& sets,
                        const std::vector<size_t>& missing, std::map<FileKey, uint32_t>* numbers) {
  std::map<FileKey, absl::string_view> texts;
  for (const assess::PolicyText& file : sets.texts) {
    texts[{file.path, base::Sha256(file.text)}] = file.text;
  }
  auto next = static_cast<uint32_t>(numbers->size()) + 1;
  HEDUI_ASSIGN_OR_RETURN(Statement insert,
                         connection->Prepare("INSERT INTO policy_files VALUES(?,?,?,?)"));
  for (const size_t place : missing) {
    for (const assess::PolicyFile& file : sets.sets[place].files) {
      const FileKey key(file.path, file.digest);
      if (numbers->count(key) > 0) continue;
      const auto text = texts.find(key);
      if (text == texts.end())
        return Invalid(absl::StrCat("the bytes of ", file.path, " are missing"));
      insert.BindInt(1, next).BindBlob(2, file.path).BindBlob(3, file.digest);
      HEDUI_RETURN_IF_ERROR(insert.BindBlob(4, text->second).Run());
      numbers->emplace(key, next++);
    }
  }
  return absl::OkStatus();
}

// Paths and digests of a set's files, in its order.
absl::StatusOr<std::vector<assess::PolicyFile>> FilesOf(Statement* read_file,
                                                        absl::string_view numbers,
                                                        std::vector<assess::PolicyText>* texts) {
  std::vector<assess::PolicyFile> files;
  for (uint32_t number = 0; TakeUint(&numbers, &number);) {
    const StatementScope scope(read_file);
    HEDUI_ASSIGN_OR_RETURN(const bool found, read_file->BindInt(1, number).Step());
    if (!found) return Damaged(absl::StrCat("there is no file ", number));
    files.push_back({std::string(read_file->Blob(0)), std::string(read_file->Blob(1))});
    if (texts == nullptr) continue;
    texts->push_back({files.back().path, std::string(read_file->Blob(2))});
    if (base::Sha256(texts->back().text) != files.back().digest) {
      return Damaged(absl::StrCat(files.back().path, " is not as it was kept"));
    }
  }
  return files;
}

}  // namespace

absl::StatusOr<std::vector<size_t>> MissingPolicySets(Connection* connection,
                                                      const assess::PolicySets& sets) {
  std::set<std::string> known;
  HEDUI_ASSIGN_OR_RETURN(Statement read, connection->Prepare("SELECT digest FROM policy_sets"));
  HEDUI_RETURN_IF_ERROR(ForEachRow(&read, [&known](const Statement& row) {
    known.emplace(row.Blob(0));
    return absl::OkStatus();
  }));
  std::vector<size_t> missing;
  for (size_t i = 0; i < sets.sets.size(); ++i) {
    if (known.insert(sets.sets[i].digest).second) missing.push_back(i);
  }
  return missing;
}

absl::Status WritePolicySets(Connection* connection, const assess::PolicySets& sets,
                             const std::vector<size_t>& missing, absl::Time at) {
  HEDUI_ASSIGN_OR_RETURN(auto numbers, ReadFileNumbers(connection));
  HEDUI_RETURN_IF_ERROR(WriteFiles(connection, sets, missing, &numbers));
  HEDUI_ASSIGN_OR_RETURN(int64_t next,
                         connection->QueryInt("SELECT coalesce(max(number),0) FROM policy_sets"));
  HEDUI_ASSIGN_OR_RETURN(Statement insert,
                         connection->Prepare("INSERT INTO policy_sets VALUES(?,?,?,?)"));
  for (const size_t place : missing) {
    const assess::PolicySet& set = sets.sets[place];
    if (assess::DigestOfPolicyFiles(set.files) != set.digest) {
      return Invalid("a set's digest is not that of its files");
    }
    std::string files;
    for (const assess::PolicyFile& file : set.files) {
      AppendUint<uint32_t>(&files, numbers.at({file.path, file.digest}));
    }
    insert.BindInt(1, ++next).BindBlob(2, set.digest).BindInt(3, absl::ToUnixMillis(at));
    HEDUI_RETURN_IF_ERROR(insert.BindBlob(4, files).Run());
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<assess::ArchivedPolicySet>> ReadPolicySets(Connection* connection) {
  HEDUI_ASSIGN_OR_RETURN(Statement read_file,
                         connection->Prepare("SELECT path,digest FROM policy_files WHERE file=?"));
  HEDUI_ASSIGN_OR_RETURN(
      Statement read,
      connection->Prepare("SELECT digest,at_ms,files FROM policy_sets ORDER BY number"));
  std::vector<assess::ArchivedPolicySet> sets;
  HEDUI_RETURN_IF_ERROR(ForEachRow(&read, [&](const Statement& row) -> absl::Status {
    HEDUI_ASSIGN_OR_RETURN(const std::vector<assess::PolicyFile> files,
                           FilesOf(&read_file, row.Blob(2), nullptr));
    sets.push_back({std::string(row.Blob(0)), assess::DivisionOfPolicyFiles(files),
                    absl::FromUnixMillis(row.Int(1))});
    return absl::OkStatus();
  }));
  return sets;
}

absl::StatusOr<std::vector<assess::PolicyText>> ReadPolicySet(Connection* connection,
                                                              absl::string_view digest) {
  HEDUI_ASSIGN_OR_RETURN(
      Statement read_file,
      connection->Prepare("SELECT path,digest,bytes FROM policy_files WHERE file=?"));
  HEDUI_ASSIGN_OR_RETURN(Statement read,
                         connection->Prepare("SELECT files FROM policy_sets WHERE digest=?"));
  const StatementScope scope(&read);
  HEDUI_ASSIGN_OR_RETURN(const bool found, read.BindBlob(1, digest).Step());
  if (!found) {
    return base::MakeError(
        absl::StatusCode::kNotFound, "POLICY_SET_UNKNOWN",
        absl::StrCat("the store's archive holds no policy set ", base::HexEncode(digest)),
        base::Visibility::kOperator);
  }
  std::vector<assess::PolicyText> texts;
  HEDUI_ASSIGN_OR_RETURN(const std::vector<assess::PolicyFile> files,
                         FilesOf(&read_file, read.Blob(0), &texts));
  if (assess::DigestOfPolicyFiles(files) != digest) {
    return Damaged(absl::StrCat("set ", base::HexEncode(digest), " is not as it was kept"));
  }
  return texts;
}

}  // namespace hedui::store
