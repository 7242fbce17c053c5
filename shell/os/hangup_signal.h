// SIGHUP as something to wait for: read your files again.
#pragma once

namespace cairn::os {

/// While it lives the signal does not end the process but makes descriptor() readable. One at a time, made on the main
/// thread before any other thread.
class HangupSignal {
 public:
  HangupSignal();
  ~HangupSignal();
  HangupSignal(const HangupSignal&) = delete;
  HangupSignal& operator=(const HangupSignal&) = delete;

  /// Readable when a signal has come; take() makes it wait for the next.
  int descriptor() const { return descriptor_; }
  void take();

 private:
  int descriptor_;
};

}  // namespace cairn::os
