#include "server/access/caller_trust.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <ctime>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/base/certificate.h"
#include "server/base/status.h"

namespace hedui::access {
namespace {

// Two levels between an authority and a caller, and the ends.
constexpr int kChainDepthMax = 4;

struct Free {
  void operator()(BIO* bio) const { BIO_free_all(bio); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(X509_CRL* list) const { X509_CRL_free(list); }
  void operator()(X509_STORE* store) const { X509_STORE_free(store); }
  void operator()(X509_STORE_CTX* context) const { X509_STORE_CTX_free(context); }
  void operator()(STACK_OF(X509) * stack) const { sk_X509_pop_free(stack, X509_free); }
};
using CertificateHandle = std::unique_ptr<X509, Free>;
using ListHandle = std::unique_ptr<X509_CRL, Free>;

std::unique_ptr<BIO, Free> Reading(absl::string_view pem) {
  return std::unique_ptr<BIO, Free>(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

std::vector<CertificateHandle> Certificates(absl::string_view pem) {
  const auto bio = Reading(pem);
  std::vector<CertificateHandle> all;
  while (X509* next = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)) {
    all.emplace_back(next);
  }
  ERR_clear_error();
  return all;
}

absl::Status Defect(absl::string_view reason, absl::string_view text) {
  return base::MakeError(absl::StatusCode::kInvalidArgument, reason, text,
                         base::Visibility::kOperator);
}

absl::Status Refused(absl::string_view reason, absl::string_view text) {
  return base::MakeError(absl::StatusCode::kUnauthenticated, reason, text);
}

bool SignedByOneOf(X509_CRL* list, const std::vector<CertificateHandle>& authorities) {
  const bool found =
      std::any_of(authorities.begin(), authorities.end(), [list](const CertificateHandle& one) {
        return X509_NAME_cmp(X509_CRL_get_issuer(list), X509_get_subject_name(one.get())) == 0 &&
               X509_CRL_verify(list, X509_get0_pubkey(one.get())) == 1;
      });
  ERR_clear_error();
  return found;
}

absl::Time TimeOf(const ASN1_TIME* time) {
  std::tm parts{};
  if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1) return absl::InfinitePast();
  return absl::FromTM(parts, absl::UTCTimeZone());
}

// What the caller is told: which of its certificates is meant is known to it.
absl::Status StatusOf(int error) {
  switch (error) {
    case X509_V_OK:
      return absl::OkStatus();
    case X509_V_ERR_CERT_REVOKED:
      return Refused("CERTIFICATE_REVOKED",
                     "this certificate was revoked by its issuer; connect with another");
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return Refused("CERTIFICATE_EXPIRED",
                     "this certificate has expired; connect with its successor");
    case X509_V_ERR_UNABLE_TO_GET_CRL:
    case X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER:
    case X509_V_ERR_CRL_HAS_EXPIRED:
    case X509_V_ERR_CRL_NOT_YET_VALID:
    case X509_V_ERR_CRL_SIGNATURE_FAILURE:
      return Refused("REVOCATION_UNKNOWN",
                     "whether this certificate was revoked is not known to the platform: the list "
                     "of its issuer is missing or out of date; the platform's operators have to "
                     "load a new one");
    default:
      return Refused("CERTIFICATE_NOT_TRUSTED",
                     "this certificate is not of an authority that the platform knows");
  }
}

}  // namespace

struct CallerTrust::Store {
  std::unique_ptr<X509_STORE, Free> store;
  bool has_lists = false;
  absl::Time lists_until = absl::InfiniteFuture();
};

CallerTrust::CallerTrust(std::unique_ptr<Store> store) : store_(std::move(store)) {}
CallerTrust::~CallerTrust() = default;

absl::StatusOr<std::shared_ptr<const CallerTrust>> CallerTrust::Make(absl::string_view ca_pem,
                                                                     absl::string_view crl_pem,
                                                                     absl::Time now) {
  HEDUI_RETURN_IF_ERROR(base::LivesOfCertificates(ca_pem).status());
  auto made = std::make_unique<Store>();
  made->store.reset(X509_STORE_new());
  const std::vector<CertificateHandle> authorities = Certificates(ca_pem);
  for (const CertificateHandle& authority : authorities) {
    X509_STORE_add_cert(made->store.get(), authority.get());
  }
  if (!crl_pem.empty()) {
    HEDUI_ASSIGN_OR_RETURN(const auto lives, base::LivesOfRevocationLists(crl_pem));
    made->has_lists = true;
    std::vector<absl::Status> defects;
    const auto bio = Reading(crl_pem);
    for (const base::CertificateLife& life : lives) {
      const ListHandle list(PEM_read_bio_X509_CRL(bio.get(), nullptr, nullptr, nullptr));
      if (!SignedByOneOf(list.get(), authorities)) {
        defects.push_back(
            Defect("REVOCATION_LIST", absl::StrCat("the list of \"", life.subject,
                                                   "\" is not signed by one of the authorities")));
      } else if (const absl::Status alive = base::CheckLife(life, now); !alive.ok()) {
        defects.push_back(Defect(
            "REVOCATION_LIST_EXPIRED",
            absl::StrCat("the list of ", alive.message(), "; fetch the authority's newest")));
      }
      X509_STORE_add_crl(made->store.get(), list.get());
      made->lists_until = std::min(made->lists_until, life.to);
    }
    if (!defects.empty()) {
      return Defect(base::ReasonOf(defects[0]),
                    absl::StrJoin(defects, "\n", [](std::string* out, const absl::Status& defect) {
                      absl::StrAppend(out, defect.message());
                    }));
    }
  }
  ERR_clear_error();
  return std::shared_ptr<const CallerTrust>(new CallerTrust(std::move(made)));
}

CallerTrust::Verdict CallerTrust::Judge(absl::string_view certificate_pem,
                                        absl::string_view chain_pem, absl::Time now) const {
  Verdict verdict{StatusOf(X509_V_ERR_UNSPECIFIED), now, now};
  std::vector<CertificateHandle> own = Certificates(certificate_pem);
  if (own.empty()) return verdict;
  const std::unique_ptr<STACK_OF(X509), Free> others(sk_X509_new_null());
  absl::Time until = store_->lists_until;
  for (CertificateHandle& one : Certificates(chain_pem)) {
    sk_X509_push(others.get(), one.release());
  }
  const std::unique_ptr<X509_STORE_CTX, Free> context(X509_STORE_CTX_new());
  if (context == nullptr ||
      X509_STORE_CTX_init(context.get(), store_->store.get(), own[0].get(), others.get()) != 1) {
    return verdict;
  }
  X509_VERIFY_PARAM* const param = X509_STORE_CTX_get0_param(context.get());
  X509_VERIFY_PARAM_set_time(param, absl::ToTimeT(now));
  X509_VERIFY_PARAM_set_depth(param, kChainDepthMax);
  X509_VERIFY_PARAM_set_purpose(param, X509_PURPOSE_SSL_CLIENT);
  // Whoever is listed as an authority is one, whether or not its own issuer is listed.
  X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN);
  // Of the caller's own certificate: an intermediate is taken out of ca_file.
  if (store_->has_lists) X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_CRL_CHECK);
  const bool good = X509_verify_cert(context.get()) == 1;
  verdict.status = StatusOf(good ? X509_V_OK : X509_STORE_CTX_get_error(context.get()));
  ERR_clear_error();
  if (!good) {
    // Neither a revocation nor the end of a certificate's time is undone by waiting.
    const std::string reason = base::ReasonOf(verdict.status);
    if (reason == "CERTIFICATE_REVOKED" || reason == "CERTIFICATE_EXPIRED") {
      verdict.until = absl::InfiniteFuture();
    }
    return verdict;
  }
  const STACK_OF(X509)* const chain = X509_STORE_CTX_get0_chain(context.get());
  for (int i = 0; i < sk_X509_num(chain); ++i) {
    until = std::min(until, TimeOf(X509_get0_notAfter(sk_X509_value(chain, i))));
  }
  // OpenSSL counts the last second of a life as past.
  verdict.until = until - absl::Seconds(1);
  return verdict;
}

absl::Status CallerTrust::Check(absl::string_view certificate_sha256,
                                absl::string_view certificate_pem, absl::string_view chain_pem,
                                absl::Time now) const {
  {
    const base::MutexLock lock(&mutex_);
    const auto found = judged_.find(certificate_sha256);
    // Not for a time before the one it was judged at: clocks are set back too.
    if (found != judged_.end() && found->second.from <= now && now <= found->second.until) {
      return found->second.status;
    }
  }
  Verdict verdict = Judge(certificate_pem, chain_pem, now);
  absl::Status status = verdict.status;
  // What may change by itself, or depends on what else the caller sent, is judged again next time.
  if (verdict.until <= now) return status;
  const base::MutexLock lock(&mutex_);
  if (judged_.size() >= kJudgedCertificatesMax) judged_.clear();
  judged_.insert_or_assign(std::string(certificate_sha256), std::move(verdict));
  return status;
}

}  // namespace hedui::access
