// A private CA and certificates that it issues, as PEM files in a folder that goes when this goes.
#pragma once

#include <openssl/ssl.h>

#include <string>
#include <vector>

namespace penstock::tests {

struct CertificateFiles {
  std::string cert, key;
};

class Certificates {
 public:
  Certificates();
  ~Certificates();
  Certificates(const Certificates&) = delete;
  Certificates& operator=(const Certificates&) = delete;

  /// `names` as OpenSSL writes alternative names: "DNS:localhost,IP:127.0.0.1".
  CertificateFiles issue(const std::string& names);
  CertificateFiles issue_self_signed(const std::string& names);
  [[nodiscard]] const std::string& ca_file() const { return ca_.cert; }
  [[nodiscard]] const std::string& folder() const { return folder_; }

  /// Contexts that live as long as this.
  SSL_CTX* server(const CertificateFiles& files);
  /// Trusts the CA.
  SSL_CTX* client();

 private:
  CertificateFiles make(const std::string& names, bool by_ca, bool is_ca);
  std::string folder_;
  int count_ = 0;
  EVP_PKEY* ca_key_ = nullptr;
  X509* ca_cert_ = nullptr;
  CertificateFiles ca_;
  std::vector<SSL_CTX*> contexts_;
};

}  // namespace penstock::tests
