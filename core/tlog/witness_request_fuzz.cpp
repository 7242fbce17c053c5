// Any bytes as an add-checkpoint request and as a witness's answer.
#include "core/tlog/witness_request.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cairn::tlog;
  const std::string text = cairn::as_text({data, size});
  if (const auto request = AddCheckpoint::parse(text, ExtensionLines::tolerate)) CHECK(request->encode() == text);
  if (const auto answer = parse_answer(200, text)) {
    CHECK(reply_cosigned(std::get<SignatureLines>(*answer)).body == text);
  }
  if (const auto answer = parse_answer(409, text)) {
    CHECK(reply_conflict(std::get<StaleSize>(*answer).size).body == text);
  }
  return 0;
}
