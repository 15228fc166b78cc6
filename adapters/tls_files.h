// Certificate files for either end of mutual TLS, read and checked once: a key that does not belong
// to its certificate would otherwise show only as handshakes that fail. Functions, thread-safe.
#ifndef HEDUI_ADAPTERS_TLS_FILES_H_
#define HEDUI_ADAPTERS_TLS_FILES_H_

#include <string>

#include "absl/status/statusor.h"

namespace hedui::adapters {

struct TlsFiles {
  std::string authorities;  // PEM
  std::string certificate;  // PEM, own certificate first
  std::string key;          // PEM
};

// NOT_FOUND for a missing file; INVALID_ARGUMENT (TLS_FILES) when a path is empty, a file holds no
// certificate or key, or the two do not belong together. Everything that is wrong at once, a line
// each; texts name files, never their content.
absl::StatusOr<TlsFiles> ReadTlsFiles(const std::string& ca_file,
                                      const std::string& certificate_file,
                                      const std::string& key_file);

}  // namespace hedui::adapters

#endif  // HEDUI_ADAPTERS_TLS_FILES_H_
