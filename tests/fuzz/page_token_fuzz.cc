// Page tokens from callers' bytes: what is taken is the one token of its place, and of nobody
// else's list.
#include "server/api/page_token.h"

#include <string>

#include "server/base/status.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace hedui;
  using testing::Require;
  // make_corpus.cc writes tokens of this key and scope.
  static const api::PageTokens tokens(std::string(32, 'k'));
  const api::PageScope scope = {"ListVerifications", "xq-civil-affairs", ""};
  const absl::string_view text = testing::TextOf(data, size);
  const auto place = tokens.Read(scope, text);
  if (place.ok()) {
    Require(tokens.Write(scope, *place) == text, "a place has one token");
    const api::PageScope other = {"ListVerifications", "jf-civil-affairs", ""};
    Require(!tokens.Read(other, text).ok(), "a token is of one agency");
    return 0;
  }
  Require(base::ReasonOf(place.status()) == "PAGE_TOKEN", place.status().ToString());
  testing::RequireNoNumbers(place.status(), text);
  return 0;
}
