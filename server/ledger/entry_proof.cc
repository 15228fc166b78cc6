#include "server/ledger/entry_proof.h"

#include <utility>

#include "server/base/limits.h"
#include "server/base/status.h"
#include "server/ledger/codec.h"
#include "server/ledger/merkle.h"
#include "server/ledger/note.h"

namespace hedui::ledger {
namespace {

constexpr absl::string_view kMagic = "HDE1";

}  // namespace

std::string EncodeEntryProof(const EntryProof& proof) {
  const SignedCheckpoint& checkpoint = *proof.checkpoint;
  Writer out;
  out.Raw(kMagic).Bytes(proof.entry, 2).U64(proof.index).Path(proof.path).Bytes(checkpoint.note, 2);
  out.Bytes(checkpoint.certificates.ed25519, 2).Bytes(checkpoint.certificates.legal, 2);
  out.U8(checkpoint.certificates.intermediates.size());
  for (const std::string& der : checkpoint.certificates.intermediates) out.Bytes(der, 2);
  return out.Take();
}

absl::StatusOr<EntryProof> DecodeEntryProof(absl::string_view bytes) {
  Reader in(bytes);
  auto checkpoint = std::make_shared<SignedCheckpoint>();
  EntryProof proof;
  in.Check(in.Raw(kMagic.size()) == kMagic);
  proof.entry = std::string(in.Bytes(2, base::kLogEntryBytesMax));
  proof.index = in.U64();
  proof.path = in.Path(kProofHashesMax);
  checkpoint->note = std::string(in.Bytes(2, kNoteBytesMax));
  LogCertificates& certificates = checkpoint->certificates;
  certificates.ed25519 = std::string(in.Bytes(2, kCertificateBytesMax));
  certificates.legal = std::string(in.Bytes(2, kCertificateBytesMax));
  const size_t intermediates = in.U8();
  if (in.Check(intermediates <= kIntermediatesMax)) {
    for (size_t i = 0; i < intermediates; ++i) {
      certificates.intermediates.emplace_back(in.Bytes(2, kCertificateBytesMax));
    }
  }
  if (!in.Done()) {
    return base::MakeError(absl::StatusCode::kInvalidArgument, "ENTRY_PROOF_FORMAT",
                           "not a proof of a log entry of a known version");
  }
  proof.checkpoint = std::move(checkpoint);
  return proof;
}

absl::StatusOr<ProvenEntry> VerifyEntryProof(const EntryProof& proof, const LogTrust& trust) {
  ProvenEntry proven;
  proven.index = proof.index;
  HEDUI_ASSIGN_OR_RETURN(proven.entry, DecodeEntry(proof.entry));
  HEDUI_ASSIGN_OR_RETURN(proven.checkpoint, trust.Verify(*proof.checkpoint));
  HEDUI_RETURN_IF_ERROR(VerifyInclusion(proof.index, proven.checkpoint.size, LeafHash(proof.entry),
                                        proof.path, proven.checkpoint.root));
  return proven;
}

}  // namespace hedui::ledger
