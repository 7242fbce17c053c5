// What Group::process() says of a handshake message that is signed as ours and is not what we have pending.
#pragma once

namespace cairn::mls {

/// `where` of that error: its code, `duplicate`, is that of what was read before too. Whoever gets one of the epoch
/// that it is in has a state that is older than its own device.
inline constexpr const char* kMessageOfOurOwn = "message of our own";

}  // namespace cairn::mls
