#include "server/base/openssl_life.h"

#include <openssl/crypto.h>

namespace hedui::base {

void KeepOpenSslToTheEnd() {
  // Can fail only without memory, and then so would the first use of OpenSSL.
  OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, nullptr);
}

}  // namespace hedui::base
