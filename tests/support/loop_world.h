// What a loop sees of the world, in memory: requests arrive when a test says so, and time passes when nothing does.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <map>

#include "core/base/environment.h"
#include "shell/loop/transport.h"

namespace cairn::testing {

class LoopWorld : public loop::Transport {
 public:
  explicit LoopWorld(Time start) : now(start) {}

  std::deque<proto::Input> arrived;
  std::map<proto::RequestId, proto::Respond> answers;  ///< each request has one at most, or the test fails
  std::vector<proto::Respond> resets;                  ///< what all that waited was answered when a commit failed
  Time now;

  std::vector<proto::Input> take(const Take& wanted) override {
    std::vector<proto::Input> out;
    while (!arrived.empty() && out.size() < wanted.most) {
      out.push_back(std::move(arrived.front()));
      arrived.pop_front();
    }
    if (out.empty()) now = after(now, std::max<std::uint64_t>(wanted.wait_ms, 1));
    return out;
  }
  void perform(proto::Send send) override {
    if (auto* respond = std::get_if<proto::Respond>(&send)) {
      EXPECT_TRUE(answers.emplace(respond->id, *respond).second);
    } else {
      perform_other(send);
    }
  }
  void reset(const proto::Respond& answer) override { resets.push_back(answer); }
  void close(std::uint64_t) override {}

 private:
  /// A send that is no answer.
  virtual void perform_other(const proto::Send&) {}
};

}  // namespace cairn::testing
