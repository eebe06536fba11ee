/// Columns of text, each as wide as its widest cell.
struct Table {
  private static let gap = 2

  let header: [String]
  let rows: [[String]]

  var text: String {
    let lines = [header] + rows
    let widths = header.indices.map { column in
      lines.compactMap { $0.dropFirst(column).first?.count }.max() ?? 0
    }
    return lines.map { line(of: $0, widths) + "\n" }.joined()
  }

  private func line(of cells: [String], _ widths: [Int]) -> String {
    let padded = zip(cells, widths).map { cell, width in
      cell + String(repeating: " ", count: width - cell.count + Self.gap)
    }
    var line = Substring(padded.joined())
    while line.last == " " { line.removeLast() }
    return String(line)
  }
}
