// A place to stand for whoever wants to see what a lying server can do.
//
// cairnd passes none, and links no implementation: those lie in tests/lying, and a test looks for their symbols in
// cairnd.
#pragma once

#include "core/base/environment.h"
#include "core/base/store.h"

namespace cairn::relay {

class LookupHook {
 public:
  virtual ~LookupHook() = default;

  /// Called with the LookupRequest and the honest LookupResponse, both encoded (docs/spec/directory.md s.6), just
  /// before the answer goes out; what it returns goes out instead. Sees all that an operator has: the store, keys
  /// included.
  virtual Bytes answer(ByteView request, Bytes honest, const StoreView& store, Time now) = 0;
};

}  // namespace cairn::relay
