// SIGTERM and SIGINT as something to wait for.
#pragma once

namespace cairn::os {

/// While it lives the two signals do not end the process but make descriptor() readable; SIGPIPE is ignored. One at a
/// time, made on the main thread before any other thread.
class StopSignal {
 public:
  StopSignal();
  /// The signals do again what they did: who presses Ctrl-C a second time, while we clean up, need not wait.
  ~StopSignal();
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;

  /// Readable from the first signal on; to be watched, not read.
  int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
};

}  // namespace cairn::os
