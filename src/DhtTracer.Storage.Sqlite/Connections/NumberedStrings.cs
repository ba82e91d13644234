using System.Text;
using DhtTracer.Storage.Packed;
using Microsoft.Data.Sqlite;

namespace DhtTracer.Storage.Sqlite.Connections;

/// <summary>Looks up strings by number, each only once.</summary>
/// <param name="connection">The connection to read from.</param>
/// <param name="sql">Selects the string with number <c>?1</c>.</param>
/// <param name="read">Reads the string from a column.</param>
internal sealed class NumberedStrings(SqliteConnection connection, string sql, Func<Statement, int, string> read)
    : INumberedStrings,
        IDisposable
{
    private readonly Statement _statement = new(connection, sql);
    private readonly Dictionary<long, string> _cache = [];

    /// <summary>Reads a column of UTF-8.</summary>
    public static string Text(Statement statement, int column) => Encoding.UTF8.GetString(statement.GetBlob(column));

    /// <inheritdoc/>
    public string Get(long number)
    {
        if (!_cache.TryGetValue(number, out var text))
        {
            text = _statement.Bind(1, number).Step()
                ? read(_statement, 0)
                : throw new InvalidDataException($"The database is damaged: text {number} is not there.");
            _statement.Reset();
            _cache.Add(number, text);
        }

        return text;
    }

    public void Dispose() => _statement.Dispose();
}
