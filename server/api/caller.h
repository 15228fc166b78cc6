// Who calls: what the verified client certificate says, and what a gateway may have added. The
// register decides which agency that is.
#ifndef HEDUI_SERVER_API_CALLER_H_
#define HEDUI_SERVER_API_CALLER_H_

#include "grpcpp/server_context.h"
#include "server/access/access_control.h"

namespace hedui::api {

// Empty when the peer showed no certificate; access refuses that. Points into the context, which
// outlives it.
access::CallerIdentity CallerOf(const grpc::ServerContext& context);

}  // namespace hedui::api

#endif  // HEDUI_SERVER_API_CALLER_H_
