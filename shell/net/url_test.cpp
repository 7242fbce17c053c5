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
                           "http://[192.0.2.1]/",
                           "http://[::1::2]/",
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

TEST(Url, KnowsTheAddressesAtWhichEverybodyCanBe) {
  for (const char* address :
       {"8.8.8.8", "1.1.1.1", "100.63.255.255", "100.128.0.0", "172.15.255.255", "172.32.0.0", "192.167.255.255",
        "198.17.0.1", "223.255.255.255", "2600::1", "2a00:1450::5", "64:ff9b::808:808", "2002:808:808::1"}) {
    EXPECT_TRUE(is_public_address(address)) << address;
  }
  for (const char* address : {"0.0.0.0",
                              "10.0.0.1",
                              "100.64.0.1",
                              "127.0.0.1",
                              "169.254.169.254",
                              "172.16.0.1",
                              "172.31.255.255",
                              "192.0.0.8",
                              "192.0.2.1",
                              "192.88.99.1",
                              "192.168.1.1",
                              "198.18.0.1",
                              "198.19.255.255",
                              "198.51.100.1",
                              "203.0.113.9",
                              "224.0.0.1",
                              "240.0.0.1",
                              "255.255.255.255",
                              "::",
                              "::1",
                              "::ffff:8.8.8.8",
                              "::7f00:1",
                              "64:ff9b::7f00:1",
                              "64:ff9b::a00:1",
                              "64:ff9b:1::808:808",
                              "2002:7f00:1::1",
                              "2002:c0a8:101::1",
                              "2001::1",
                              "2001:db8::1",
                              "3fff::1",
                              "fc00::1",
                              "fd12::1",
                              "fe80::1",
                              "fec0::1",
                              "ff02::1",
                              "fe80::1%eth0",
                              "localhost",
                              "8.8.8",
                              ""}) {
    EXPECT_FALSE(is_public_address(address)) << address;
  }
}

}  // namespace
}  // namespace cairn::net
