// How long OpenSSL lives.
#ifndef HEDUI_SERVER_BASE_OPENSSL_LIFE_H_
#define HEDUI_SERVER_BASE_OPENSSL_LIFE_H_

namespace hedui::base {

// For programs that use gRPC, before anything else uses OpenSSL. On its own OpenSSL takes itself
// apart when main returns, while threads of gRPC that nobody can wait for may still close
// connections: they would use what is gone. With this it lives as long as the process.
void KeepOpenSslToTheEnd();

}  // namespace hedui::base

#endif  // HEDUI_SERVER_BASE_OPENSSL_LIFE_H_
