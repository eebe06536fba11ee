import Foundation
import OpenSSL
import Testing

/// Certificates made by the `openssl` command when the first test needs one, and removed when the
/// process ends.
enum TestCertificates {
  private static let directory =
    NSTemporaryDirectory() + "/linkd-tls-\(ProcessInfo.processInfo.processIdentifier)"

  private static let made = Result { try make() }

  /// Where the file of this name is.
  static func path(_ file: String) throws -> String {
    try made.get()
    return directory + "/" + file
  }

  /// A server that shows the certificate of this name.
  static func server(
    _ name: String = "server", clientCA: String? = nil, requiresClientCertificate: Bool = false
  ) throws -> TLSConfiguration {
    try .server(
      certificateChainFile: path(name + ".pem"), privateKeyFile: path(name + ".key"),
      clientCAFile: clientCA.map(path), requiresClientCertificate: requiresClientCertificate)
  }

  /// A client that trusts one authority, and shows the certificate of this name if there is one.
  static func client(_ name: String? = nil, trusting ca: String = "ca.pem") throws
    -> TLSConfiguration
  {
    try .client(
      trustFile: path(ca), certificateChainFile: name.map { try path($0 + ".pem") },
      privateKeyFile: name.map { try path($0 + ".key") })
  }

  /// What each leaf is: name, who signs it, for how many days, its extensions.
  private static let leaves: [(name: String, signer: String, days: Int, extensions: String)] = [
    ("server", "ca", 2, "subjectAltName=DNS:localhost,DNS:*.wild.example,IP:127.0.0.1,IP:::1"),
    ("expired", "ca", -1, "subjectAltName=DNS:localhost"),
    ("unknown", "other", 2, "subjectAltName=DNS:localhost"),
    ("nameless", "ca", 2, "keyUsage=digitalSignature"),
    ("wrongusage", "ca", 2, #"subjectAltName=DNS:localhost\nextendedKeyUsage=clientAuth"#),
    ("chained", "intermediate", 2, "subjectAltName=DNS:localhost"),
    ("unchained", "server", 2, "subjectAltName=DNS:localhost"),
    ("constrained", "limited", 2, "subjectAltName=DNS:localhost"),
    ("client", "ca", 2, "subjectAltName=DNS:caller.example,URI:spiffe://example/caller"),
    ("expiredclient", "ca", -1, "subjectAltName=DNS:caller.example"),
    ("foreignclient", "other", 2, "subjectAltName=DNS:caller.example"),
  ]

  private static var script: String {
    let authority = #"basicConstraints=critical,CA:true\nkeyUsage=critical,keyCertSign"#
    let sign = leaves.map { "leaf \($0.name) \($0.signer) \($0.days) '\($0.extensions)'" }
    return #"""
      set -e
      key() { openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out $1.key; }
      root() { key $1; openssl req -x509 -new -key $1.key -days 2 -subj /CN=$1 -out $1.pem; }
      leaf() {
        [ -f $1.key ] || key $1
        openssl req -new -key $1.key -subj /CN=localhost -out $1.csr
        printf "$4" > $1.ext
        openssl x509 -req -in $1.csr -CA $2.pem -CAkey $2.key -set_serial $RANDOM -days $3 \
          -extfile $1.ext -out $1.pem
      }
      root ca; root other; root self
      leaf intermediate ca 2 '\#(authority)'
      leaf limited ca 2 '\#(authority)\nnameConstraints=critical,permitted;DNS:a.example'
      openssl genrsa -out weak.key 1024
      leaf weak ca 2 'subjectAltName=DNS:localhost'
      \#(sign.joined(separator: "\n"))
      for leaf in chained:intermediate constrained:limited unchained:server; do
        cat ${leaf#*:}.pem >> ${leaf%:*}.pem
      done
      openssl pkcs8 -topk8 -in server.key -passout pass:x -out encrypted.key
      openssl x509 -in chained.pem -out incomplete.pem; cp chained.key incomplete.key
      cp server.csr early.csr; cp server.key early.key; touch index.txt
      printf '[ca]\ndefault_ca=c\n[c]\ndatabase=index.txt\nnew_certs_dir=.\ndefault_md=sha256\n' > cnf
      printf 'policy=p\nrand_serial=yes\n[p]\ncommonName=supplied\n' >> cnf
      openssl ca -batch -config cnf -cert ca.pem -keyfile ca.key -in early.csr -out early.pem \
        -startdate 20900101000000Z -enddate 20910101000000Z -extfile server.ext -notext
      """#
  }

  private static func make() throws {
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    atexit { try? FileManager.default.removeItem(atPath: TestCertificates.directory) }
    let process = Process()
    process.executableURL = URL(filePath: "/bin/bash")
    process.arguments = ["-c", script]
    process.currentDirectoryURL = URL(filePath: directory)
    let log = Pipe()
    process.standardOutput = log
    process.standardError = log
    try process.run()
    let output = try log.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0, "\(String(decoding: output, as: UTF8.self))")
  }
}
