// Rows, of which each that has a name is read by the fuzzer beside this.
inline constexpr Table kRead{1};    ///< key -> ReadRow, and more
inline constexpr Table kOther{2};   ///< key: base::OtherRow (other.h)
inline constexpr Table kNumber{3};  ///< key -> uint64: when
inline constexpr Table kHash{4};    ///< key -> Hash: of something
inline constexpr Table kParts{5};   ///< key -> BlobId || uint8
inline constexpr Table kList{6};    ///< key: MailboxId all[...], sorted
