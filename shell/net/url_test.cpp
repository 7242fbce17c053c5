#include "shell/net/url.h"

#include <gtest/gtest.h>

namespace cairn::net {
namespace {

TEST(Url, TakesSchemeHostPortAndTarget) {
  const auto url = parse_url("https://cairn.example.org:8443/v1/health?x=1");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->scheme, Scheme::https);
  EXPECT_EQ(url->host, "cairn.example.org");
  EXPECT_EQ(url->port, 8443);
  EXPECT_EQ(url->target, "/v1/health?x=1");
  EXPECT_EQ(url->authority(), "cairn.example.org:8443");
}

TEST(Url, FillsInPortAndTarget) {
  EXPECT_EQ(parse_url("http://a")->port, 80);
  EXPECT_EQ(parse_url("https://a")->port, 443);
  EXPECT_EQ(parse_url("https://a")->authority(), "a");
  EXPECT_EQ(parse_url("https://a")->target, "/");
  EXPECT_EQ(parse_url("https://a?q")->target, "/?q");
}

TEST(Url, TakesAnAddressInBrackets) {
  const auto url = parse_url("http://[::1]:9/x");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->host, "::1");
  EXPECT_EQ(url->authority(), "[::1]:9");
}

TEST(Url, RefusesEveryOtherForm) {
  for (const char* text : {"",
                           "a",
                           "ftp://a",
                           "http:/a",
                           "http://",
                           "http://:80/",
                           "http://a:",
                           "http://a:0",
                           "http://a:65536",
                           "http://a:8x",
                           "http://a:-1",
                           "http://user@a/",
                           "http://user:pass@a/",
                           "http://a/#f",
                           "http://a b/",
                           "http://a/\r\nX: y",
                           "http://[::1",
                           "http://[x]/",
                           "http://[]/",
                           "http://[::1]x",
                           "http://a\\b/",
                           "HTTP://a",
                           "http://\xc3\xa4/"}) {
    EXPECT_FALSE(parse_url(text)) << text;
  }
  EXPECT_FALSE(parse_url("http://a/" + std::string(5000, 'x')));
}

TEST(Url, TakesAnIpv6NetworkForOneParty) {
  EXPECT_EQ(network_of("192.0.2.1"), "192.0.2.1");
  EXPECT_NE(network_of("192.0.2.1"), network_of("192.0.2.2"));
  EXPECT_EQ(network_of("2001:db8:0:1::1"), network_of("2001:db8::1:ffff:0:0:9"));
  EXPECT_NE(network_of("2001:db8:0:1::1"), network_of("2001:db8:0:2::1"));
}

TEST(Url, KnowsWhatCanBeCalled) {
  for (const char* url : {"http://127.0.0.1:8471", "http://[::1]:8471/realm", "http://localhost",
                          "https://127.0.0.1:8471", "https://realm.example.com"}) {
    EXPECT_TRUE(is_callable(*parse_url(url))) << url;
  }
  for (const char* url : {"http://realm.example.com", "http://192.0.2.1:8471", "http://localhost.example.com"}) {
    EXPECT_FALSE(is_callable(*parse_url(url))) << url;
  }
}

TEST(Url, KnowsTheAddressesOfThisMachine) {
  for (const char* address : {"127.0.0.1", "127.255.0.3", "::1"}) EXPECT_TRUE(is_loopback_address(address)) << address;
  for (const char* address :
       {"128.0.0.1", "10.0.0.1", "0.0.0.0", "::", "::2", "::ffff:127.0.0.1", "localhost", "", "127.1"}) {
    EXPECT_FALSE(is_loopback_address(address)) << address;
  }
}

}  // namespace
}  // namespace cairn::net
