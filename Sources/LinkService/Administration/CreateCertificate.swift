internal import LinkAPI
internal import Protobuf
internal import RPC

extension AdministrationService {
  /// Lets a certificate in, unless its subject speaks for somebody already.
  func create(
    _ request: CreateCertificateRequest, _ caller: Caller
  ) async throws(Failure) -> CreateCertificateResponse {
    let order = try CertificateOrder(request, now: clock.now())
    try await trail.record(.createCertificate, order.name.text, by: caller, at: clock.now())
    var record = CertificateRecord()
    record.tenant = order.name.tenant
    record.certificate = order.certificate
    let key = RecordKey.certificate(id: order.name.id)
    let known = try await records.certificate(id: order.name.id)
    // An entry that has run out keeps nobody from making a new one.
    guard known?.record.isExpired(at: clock.now()) != false else { throw .certificateExists }
    var change = Change()
    try change.put(record, at: key)
    change.require(key, version: known?.version)
    guard try await records.commit(change) != nil else { throw .certificateExists }
    var response = CreateCertificateResponse()
    response.certificate = record.certificate
    return response
  }
}

/// The certificate that is to be let in, checked.
private struct CertificateOrder {
  let name: CertificateName
  let certificate: Certificate

  init(_ request: CreateCertificateRequest, now: Timestamp) throws(Failure) {
    var check = RequestCheck()
    let tenant = check.tenant(of: request.parent)
    let asked = request.certificate ?? Certificate()
    let subject = check.subject(asked.subject)
    let scopes = check.scopes(asked.scopes, "certificate.scopes")
    check.require(
      asked.expireTime.map { now < $0 } ?? true, "certificate.expire_time",
      "must be in the future")
    try check.finish()
    guard let subject else { throw .broken("a subject passed that is none") }
    name = CertificateName(tenant: tenant, id: subject.id)
    var certificate = Certificate()
    certificate.name = name.text
    certificate.subject = asked.subject
    certificate.scopes = scopes
    certificate.createTime = now
    certificate.expireTime = asked.expireTime
    self.certificate = certificate
  }
}

extension CertificateRecord {
  /// Whether it is to be refused.
  func isExpired(at now: Timestamp) -> Bool {
    certificate?.expireTime.map { !(now < $0) } ?? false
  }
}

extension Failure {
  fileprivate static let certificateExists = Failure(
    code: .alreadyExists, reason: .certificateExists, actor: .operator,
    message: "a certificate of this subject speaks for a tenant already: delete that first")
}
