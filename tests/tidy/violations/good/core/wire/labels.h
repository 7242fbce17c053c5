inline constexpr std::string_view kOther = "reset";

// RFC 9420 s.8.
inline constexpr std::string_view kExp = "exp";
inline constexpr std::string_view kExporter = "exporter";
