#include "server/ledger/trust.h"

#include <openssl/err.h>
#include <openssl/x509_vfy.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "server/base/digest.h"
#include "server/base/mutex.h"
#include "server/base/status.h"
#include "server/ledger/note.h"
#include "server/ledger/openssl_handles.h"
#include "server/ledger/x509.h"

namespace hedui::ledger {
namespace {

using StoreHandle = std::unique_ptr<X509_STORE, Freer<&X509_STORE_free>>;
using StoreContextHandle = std::unique_ptr<X509_STORE_CTX, Freer<&X509_STORE_CTX_free>>;

// An authority, two intermediates, the log's own.
constexpr int kChainDepthMax = 3;

struct Validity {
  absl::Time from = absl::InfinitePast();
  absl::Time to = absl::InfiniteFuture();  // included, as certificates have it
  bool Contains(absl::Time time) const { return from <= time && time <= to; }
};

struct TrustedKeys {
  LogKeys keys;
  Validity validity;
};

struct StackFree {
  // The certificates belong to their handles.
  void operator()(STACK_OF(X509) * stack) const { sk_X509_free(stack); }
};
using StackHandle = std::unique_ptr<STACK_OF(X509), StackFree>;

// When every certificate of a chain was valid.
absl::StatusOr<Validity> ValidityOf(STACK_OF(X509) * chain) {
  Validity validity;
  for (int i = 0; i < sk_X509_num(chain); ++i) {
    const X509* certificate = sk_X509_value(chain, i);
    const auto from = TimeOf(X509_get0_notBefore(certificate));
    const auto to = TimeOf(X509_get0_notAfter(certificate));
    if (!from || !to) {
      return base::MakeError(absl::StatusCode::kUnauthenticated, "CERTIFICATE_CHAIN",
                             "a certificate has no readable validity");
    }
    validity.from = std::max(validity.from, *from);
    validity.to = std::min(validity.to, *to);
  }
  return validity;
}

// A digest that names the certificates: lengths keep neighbours apart.
std::string DigestOf(const LogCertificates& certificates, absl::string_view origin) {
  base::Hasher hasher;
  const auto add = [&hasher](absl::string_view bytes) {
    hasher.Update(absl::StrCat(bytes.size(), "\n")).Update(bytes);
  };
  add(origin);
  add(certificates.ed25519);
  add(certificates.legal);
  for (const std::string& der : certificates.intermediates) add(der);
  return hasher.Finish();
}

}  // namespace

struct LogTrust::State {
  StoreHandle store;
  mutable base::Mutex mutex;
  // By DigestOf; more than one where a certificate was valid at several times under several chains.
  mutable absl::flat_hash_map<std::string, std::vector<TrustedKeys>> keys ABSL_GUARDED_BY(mutex);
  // By digest of note and certificates.
  mutable absl::flat_hash_map<std::string, Checkpoint> checkpoints ABSL_GUARDED_BY(mutex);

  // Checks one certificate's chain at `time`; what the chain is made of goes into `used`, as
  // addresses.
  absl::StatusOr<Validity> CheckChain(absl::string_view der, STACK_OF(X509) * intermediates,
                                      absl::Time time, absl::string_view which,
                                      std::vector<const X509*>& used) const {
    HEDUI_ASSIGN_OR_RETURN(const X509Handle certificate, ParseCertificate(der, which));
    const StoreContextHandle context(X509_STORE_CTX_new());
    if (context == nullptr ||
        X509_STORE_CTX_init(context.get(), store.get(), certificate.get(), intermediates) != 1) {
      ERR_clear_error();
      return base::MakeError(absl::StatusCode::kInternal, "CERTIFICATE_CHAIN", "out of memory");
    }
    X509_VERIFY_PARAM* param = X509_STORE_CTX_get0_param(context.get());
    X509_VERIFY_PARAM_set_time(param, absl::ToTimeT(time));
    X509_VERIFY_PARAM_set_depth(param, kChainDepthMax);
    if (X509_verify_cert(context.get()) != 1) {
      ERR_clear_error();
      return base::MakeError(
          absl::StatusCode::kUnauthenticated, "CERTIFICATE_CHAIN",
          absl::StrCat(which, ": ",
                       X509_verify_cert_error_string(X509_STORE_CTX_get_error(context.get()))));
    }
    STACK_OF(X509)* chain = X509_STORE_CTX_get0_chain(context.get());
    for (int i = 0; i < sk_X509_num(chain); ++i) used.push_back(sk_X509_value(chain, i));
    return ValidityOf(chain);
  }

  absl::StatusOr<TrustedKeys> Check(const LogCertificates& certificates, absl::string_view origin,
                                    absl::Time time) const {
    HEDUI_ASSIGN_OR_RETURN(LogKeys log_keys, KeysOf(certificates, origin));
    if (certificates.intermediates.size() > kIntermediatesMax) {
      return base::MakeError(absl::StatusCode::kInvalidArgument, "LOG_CERTIFICATE",
                             "too many intermediate certificates");
    }
    std::vector<X509Handle> handles;
    const StackHandle stack(sk_X509_new_null());
    for (const std::string& der : certificates.intermediates) {
      HEDUI_ASSIGN_OR_RETURN(X509Handle handle, ParseCertificate(der, "intermediate certificate"));
      sk_X509_push(stack.get(), handle.get());
      handles.push_back(std::move(handle));
    }
    std::vector<const X509*> used;
    HEDUI_ASSIGN_OR_RETURN(const Validity ed25519, CheckChain(certificates.ed25519, stack.get(),
                                                              time, "Ed25519 certificate", used));
    HEDUI_ASSIGN_OR_RETURN(const Validity legal, CheckChain(certificates.legal, stack.get(), time,
                                                            "legal certificate", used));
    // Bytes that nothing vouches for do not travel under our name.
    for (const X509Handle& handle : handles) {
      if (std::find(used.begin(), used.end(), handle.get()) == used.end()) {
        return base::MakeError(absl::StatusCode::kInvalidArgument, "LOG_CERTIFICATE",
                               "an intermediate certificate belongs to neither chain");
      }
    }
    return TrustedKeys{std::move(log_keys),
                       {std::max(ed25519.from, legal.from), std::min(ed25519.to, legal.to)}};
  }
};

LogTrust::LogTrust(std::unique_ptr<State> state) : state_(std::move(state)) {}
LogTrust::~LogTrust() = default;

absl::StatusOr<std::unique_ptr<LogTrust>> LogTrust::FromPem(absl::string_view authorities_pem) {
  auto authorities = ParsePemCertificates(authorities_pem, "authority's certificate");
  auto state = std::make_unique<State>();
  state->store.reset(X509_STORE_new());
  bool good = authorities.ok() && state->store != nullptr;
  for (size_t i = 0; good && i < authorities->size(); ++i) {
    good = X509_STORE_add_cert(state->store.get(), (*authorities)[i].get()) == 1;
  }
  if (!good) {
    ERR_clear_error();
    return base::MakeError(absl::StatusCode::kInvalidArgument, "TRUST",
                           authorities.ok() ? "an authority's certificate cannot be used"
                                            : authorities.status().message());
  }
  return std::unique_ptr<LogTrust>(new LogTrust(std::move(state)));
}

absl::StatusOr<std::unique_ptr<LogTrust>> LogTrust::Load(const std::string& path) {
  HEDUI_ASSIGN_OR_RETURN(const std::string pem, ReadSmallFile(path));
  auto trust = FromPem(pem);
  if (!trust.ok()) return base::WithContext(trust.status(), path);
  return trust;
}

absl::StatusOr<LogKeys> LogTrust::KeysAt(const LogCertificates& certificates,
                                         absl::string_view origin, absl::Time time) const {
  const std::string digest = DigestOf(certificates, origin);
  {
    base::MutexLock lock(&state_->mutex);
    const auto found = state_->keys.find(digest);
    if (found != state_->keys.end()) {
      for (const TrustedKeys& trusted : found->second) {
        if (trusted.validity.Contains(time)) return trusted.keys;
      }
    }
  }
  HEDUI_ASSIGN_OR_RETURN(TrustedKeys trusted, state_->Check(certificates, origin, time));
  base::MutexLock lock(&state_->mutex);
  if (state_->keys.size() >= kRememberedMax) state_->keys.clear();
  std::vector<TrustedKeys>& remembered = state_->keys[digest];
  if (remembered.size() < kIntermediatesMax) remembered.push_back(trusted);
  return std::move(trusted.keys);
}

absl::StatusOr<Checkpoint> LogTrust::Verify(const SignedCheckpoint& checkpoint) const {
  // The certificates' digest is part of the key: the same note under other certificates is another
  // question.
  const std::string digest =
      base::Sha256(absl::StrCat(DigestOf(checkpoint.certificates, ""), checkpoint.note));
  {
    base::MutexLock lock(&state_->mutex);
    const auto found = state_->checkpoints.find(digest);
    if (found != state_->checkpoints.end()) return found->second;
  }
  HEDUI_ASSIGN_OR_RETURN(const Note note, ParseNote(checkpoint.note));
  HEDUI_ASSIGN_OR_RETURN(Checkpoint claimed, ParseCheckpoint(note.text));
  HEDUI_ASSIGN_OR_RETURN(const LogKeys keys,
                         KeysAt(checkpoint.certificates, claimed.origin, claimed.time));
  const PublicKey both[] = {keys.ed25519, keys.legal};
  HEDUI_RETURN_IF_ERROR(OpenNote(checkpoint.note, claimed.origin, both).status());
  base::MutexLock lock(&state_->mutex);
  if (state_->checkpoints.size() >= kRememberedMax) state_->checkpoints.clear();
  state_->checkpoints.emplace(digest, claimed);
  return claimed;
}

}  // namespace hedui::ledger
