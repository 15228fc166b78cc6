#include "adapters/registry.h"

#include <filesystem>
#include <fstream>

#include "gtest/gtest.h"
#include "tests/support/pki/test_pki.h"

namespace hedui::adapters {
namespace {

class AdapterSetTest : public ::testing::Test {
 protected:
  AdapterSetTest() : tls_(pki_.IssueTls("platform")) {
    config_.source_id = "bank";
    config_.kind = "grpc";
    config_.target = "localhost:1";
    config_.ca_file = pki_.ca_path();
    config_.certificate_file = tls_.certificate_path;
    config_.key_file = tls_.key_path;
  }
  SourceAdapter* Get() {
    auto adapter = set_.GetOrMake(config_);
    EXPECT_TRUE(adapter.ok()) << adapter.status();
    return adapter.ok() ? *adapter : nullptr;
  }
  testing::TestPki pki_;
  testing::Issued tls_;
  AdapterConfig config_;
  AdapterSet set_;
};

TEST_F(AdapterSetTest, AnEqualConfigurationOfUnchangedFilesIsTheSameAdapter) {
  EXPECT_FALSE(set_.Holds(config_));
  SourceAdapter* const first = Get();
  EXPECT_TRUE(set_.Holds(config_));
  EXPECT_EQ(Get(), first);
  config_.target = "localhost:2";
  EXPECT_FALSE(set_.Holds(config_));
  EXPECT_NE(Get(), first);
}

TEST_F(AdapterSetTest, ARenewedPairIsAnotherAdapterBesideTheOldOne) {
  SourceAdapter* const first = Get();
  const testing::Issued next = pki_.IssueTls("platform");
  const std::string old_certificate = tls_.certificate_pem;
  std::ofstream(config_.certificate_file) << next.certificate_pem;
  EXPECT_FALSE(set_.Holds(config_));
  EXPECT_FALSE(set_.GetOrMake(config_).ok()) << "the key is not the certificate's";
  std::ofstream(config_.key_file) << next.key_pem;
  SourceAdapter* const second = Get();
  EXPECT_NE(second, first);
  EXPECT_EQ(Get(), second);
  // What was made is kept: files as they were give what was made of them.
  std::ofstream(config_.certificate_file) << old_certificate;
  std::ofstream(config_.key_file) << tls_.key_pem;
  EXPECT_EQ(Get(), first);
}

TEST_F(AdapterSetTest, FilesAreThoseThatCount) {
  EXPECT_EQ(FilesOf(config_), (std::vector<std::string>{config_.ca_file, config_.certificate_file,
                                                        config_.key_file}));
}

}  // namespace
}  // namespace hedui::adapters
