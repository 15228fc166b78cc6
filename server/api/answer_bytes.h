// A verification's answer as the bytes of its message. A report is a hundred kilobytes: put into a
// message it would be copied once more, on the loop, to be sent. Pure.
#ifndef HEDUI_SERVER_API_ANSWER_BYTES_H_
#define HEDUI_SERVER_API_ANSWER_BYTES_H_

#include "grpcpp/support/byte_buffer.h"
#include "server/verify_flow.h"

namespace hedui::api {

// What EncodeVerifyResponse (encode_response.h) serializes to. The buffer owns the report.
grpc::ByteBuffer EncodeVerifyBytes(VerifyResult result);

}  // namespace hedui::api

#endif  // HEDUI_SERVER_API_ANSWER_BYTES_H_
