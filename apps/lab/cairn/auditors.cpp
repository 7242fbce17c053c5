#include "apps/lab/cairn/auditors.h"

#include "apps/demo/process.h"

namespace cairn::lab {

CloseWord ask_to_close(unsigned port, const directory::CloseRequest& request) {
  const auto reply = demo::http_post(port, "/close", as_text(wire::encode(request)));
  if (!reply) return CloseWord::no_answer;
  if (reply->status == 404) return CloseWord::not_open;
  const auto answer = reply->status == 200 ? wire::decode<directory::CloseAnswer>(as_bytes(reply->body))
                                           : Result<directory::CloseAnswer>(fail(ErrorCode::unavailable, "close"));
  if (!answer) return CloseWord::no_answer;
  if (std::holds_alternative<directory::NotYet>(answer->body)) return CloseWord::not_yet;
  return std::holds_alternative<directory::Closed>(answer->body) ? CloseWord::closed : CloseWord::vetoed;
}

}  // namespace cairn::lab
