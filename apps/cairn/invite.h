// Invitation links: `cairn invite` makes them, `cairn accept` takes one up, after its owner has seen whom it names.
#pragma once

#include "apps/cairn/speaker.h"
#include "apps/cairn/talk.h"

namespace cairn::apps {

/// What is said to these commands and not to the client.
struct InvitationOptions {
  bool& approved;  ///< whom the link names is believed: nobody is asked
  bool& with_qr;   ///< the link is drawn too
};

/// Adds "invite" and "accept".
void add_invitation_commands(CLI::App& app, Question question, InvitationOptions options);

/// Takes the link in `params` up. What it says is shown on standard error, and where it makes this device believe
/// somebody new its owner is asked there, unless `approved`; nobody is asked who is not at a terminal.
Reply accept_invitation(Speaker& speaker, const nlohmann::json& params, bool approved);

/// The answers of invitation.*, as lines.
std::string render_invitation(const std::string& method, const nlohmann::json& result);
/// The link as a code for a camera; a sentence where no code holds so much.
std::string invitation_qr(const std::string& link);

}  // namespace cairn::apps
