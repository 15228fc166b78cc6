// The header in which a gateway names the agency. What is taken has one spelling.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "server/access/gateway_header.h"
#include "server/base/digest.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace hedui;
  using testing::Require;
  const absl::string_view text = testing::TextOf(data, size);
  const auto header = access::ParseIdentityHeader(text);
  if (!header.ok()) {
    testing::RequireNoNumbers(header.status(), text);
    return 0;
  }
  Require(header->unix_ms > 0, "times are after 1970");
  Require(absl::StrCat("v=1;agency=", header->agency, ";time=", header->unix_ms,
                       ";nonce=", base::HexEncode(header->nonce),
                       ";sig=", base::Base64Encode(header->signature)) == text,
          "a header has one spelling");
  // Lines cannot be forged into what is signed.
  const std::string signed_text = access::SignedText(*header, "640000", "/service/Method");
  Require(std::count(signed_text.begin(), signed_text.end(), '\n') == 6, "six lines are signed");
  return 0;
}
