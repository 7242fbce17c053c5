// What Group::process() says of messages that are signed by us and that this state has not sent. The signature was
// verified: any member has the keys to encrypt in our name.
#pragma once

namespace cairn::mls {

/// `where` of the error for a handshake message that is not what we have pending: its code, `duplicate`, is that of
/// what was read before too. Whoever gets one of the epoch that it is in has a state that is older than its own device.
inline constexpr const char* kMessageOfOurOwn = "message of our own";
/// Likewise for an application message, with code `inconsistent`: this state is older than its own device.
inline constexpr const char* kMessageNeverSent = "message of our own that we have not sent";

}  // namespace cairn::mls
