// What happened in a run, as one number; and as lines, for people who look for a cause.
#pragma once

#include <cstdio>
#include <string>

#include "core/base/bytes.h"
#include "core/base/environment.h"

namespace cairn::sim {

class Trace {
 public:
  /// Lines go to `out` too; null: nowhere.
  explicit Trace(std::FILE* out = nullptr) : out_(out) {}

  /// FNV-1a over everything noted so far: two runs of one seed give the same.
  std::uint64_t hash() const { return hash_; }
  bool printing() const { return out_ != nullptr; }

  /// `detail` is printed and does not count.
  void note(Time when, std::string_view who, std::string_view what, ByteView data = {}, std::string_view detail = {}) {
    mix_number(when.ms);
    mix(as_bytes(who));
    mix(as_bytes(what));
    mix(data);
    if (out_ == nullptr) return;
    std::fprintf(out_, "%12.3f %-10.*s %.*s", static_cast<double>(when.ms % 100'000'000) / 1000,
                 static_cast<int>(who.size()), who.data(), static_cast<int>(what.size()), what.data());
    if (!data.empty()) std::fprintf(out_, " (%zu bytes)", data.size());
    if (!detail.empty())
      std::fprintf(out_, " %.*s", static_cast<int>(std::min<std::size_t>(detail.size(), 250)), detail.data());
    std::fputc('\n', out_);
  }

 private:
  void mix_number(std::uint64_t number) {
    for (int i = 0; i < 8; ++i, number >>= 8) mix_byte(static_cast<std::uint8_t>(number));
  }
  void mix(ByteView bytes) {
    mix_number(bytes.size());
    for (const std::uint8_t byte : bytes) mix_byte(byte);
  }
  void mix_byte(std::uint8_t byte) { hash_ = (hash_ ^ byte) * 0x100000001b3; }

  std::FILE* out_;
  std::uint64_t hash_ = 0xcbf29ce484222325;
};

}  // namespace cairn::sim
