// What is said of a link to a group, between who has it and who made it (docs/spec/client.md s.20).
#pragma once

#include <string_view>

#include "core/base/secret.h"
#include "core/base/types.h"
#include "core/wire/reader.h"
#include "core/wire/writer.h"

namespace cairn::client {

/// What a link to a group has beside names: who says it may be added.
using InvitationToken = Secret<struct InvitationTokenTag, 16>;
/// What its maker keeps of it.
Hash token_hash(const InvitationToken& token);

/// To the maker of a link: let me in.
struct JoinRequest {
  static constexpr std::string_view kMediaType = "application/vnd.cairn.join-request";
  InvitationToken token;

  explicit JoinRequest(InvitationToken the_token) : token(std::move(the_token)) {}
  JoinRequest(const JoinRequest& other) : token(other.token.clone()) {}
  JoinRequest& operator=(const JoinRequest& other) {
    token = other.token.clone();
    return *this;
  }
  JoinRequest(JoinRequest&&) noexcept = default;
  JoinRequest& operator=(JoinRequest&&) noexcept = default;
  ~JoinRequest() = default;

  void write(wire::Writer&) const;
  static Result<JoinRequest> read(wire::Reader&);
  friend bool operator==(const JoinRequest& a, const JoinRequest& b) {
    return token_hash(a.token) == token_hash(b.token);
  }
};

/// What became of a request. used_up: also by who asks, whom somebody has removed since. over: its maker may not, or
/// cannot, add anybody any more.
enum class JoinVerdict : std::uint8_t { let_in = 1, expired = 2, used_up = 3, revoked = 4, over = 5 };

/// The answer of the maker.
struct JoinAnswer {
  static constexpr std::string_view kMediaType = "application/vnd.cairn.join-answer";
  Hash invitation;  ///< token_hash() of what was asked with
  JoinVerdict verdict = JoinVerdict::over;
  ChannelId group;  ///< to which they are added; zeros where they are not

  void write(wire::Writer&) const;
  static Result<JoinAnswer> read(wire::Reader&);
  friend bool operator==(const JoinAnswer&, const JoinAnswer&) = default;
};

}  // namespace cairn::client
