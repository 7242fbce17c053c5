// What is read of any bytes is written as it was: for fuzzers of formats, above all of rows.
#pragma once

#include "core/base/store.h"
#include "core/wire/reader.h"
#include "core/wire/writer.h"

namespace cairn::testing {

template <class T>
Result<T> read_format(ByteView bytes) {
  if constexpr (requires { T::restore(bytes); }) {
    return T::restore(bytes);
  } else if constexpr (requires(wire::Reader reader) { T::read(reader); }) {
    return wire::decode<T>(bytes);
  } else {
    return T::decode(bytes);
  }
}

template <class T>
SecretBytes write_format(const T& value) {
  if constexpr (requires { value.serialise(); }) {
    return value.serialise();
  } else if constexpr (requires(wire::Writer writer) { value.write(writer); }) {
    return wire::encode_secret(value);
  } else {
    return value.encode();
  }
}

/// A format with one spelling for each value.
template <class T>
void round_trip(ByteView bytes) {
  const auto value = read_format<T>(bytes);
  if (value) CHECK(equal(write_format(*value).expose(), bytes));
}

/// A format of which an older spelling is read too: what it is written as is read, and stays.
template <class T>
void settles(ByteView bytes) {
  const auto value = read_format<T>(bytes);
  if (!value) return;
  const SecretBytes written = write_format(*value);
  const auto again = read_format<T>(written.expose());
  CHECK(again && equal(write_format(*again).expose(), written.expose()));
}

/// What stands in a table; one may hold rows of several formats.
struct RowFormat {
  Table table;
  void (*check)(ByteView);
};

/// The first byte is the number of a table, the rest a row of it, as cairn-make-row-seeds writes them.
template <std::size_t kCount>
void check_row(const RowFormat (&formats)[kCount], const std::uint8_t* data, std::size_t size) {
  if (size == 0) return;
  for (const RowFormat& format : formats) {
    if (format.table == Table{data[0]}) format.check({data + 1, size - 1});
  }
}

}  // namespace cairn::testing
