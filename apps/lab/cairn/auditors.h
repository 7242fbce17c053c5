// What auditors say of a reset to whoever asks.
#pragma once

#include "core/directory/closing.h"

namespace cairn::lab {

/// An auditor's answer to being asked to close its mailbox for vetoes of a reset (docs/spec/directory.md s.5), which
/// anybody may ask. It closes when it has counted the delay and holds no veto.
enum class CloseWord {
  not_yet,    ///< it has not counted the delay
  closed,     ///< there is no veto, and none is taken any more
  vetoed,     ///< it has counted the delay, and holds a veto
  not_open,   ///< no such reset is open: it was completed
  no_answer,  ///< or none that is one
};
CloseWord ask_to_close(unsigned port, const directory::CloseRequest& request);

}  // namespace cairn::lab
