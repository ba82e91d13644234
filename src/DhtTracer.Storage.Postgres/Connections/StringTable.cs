using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using DhtTracer.Storage.Packed;
using Npgsql;

#pragma warning disable CA2100 // Names of tables and columns are constants of this project; values are parameters.

namespace DhtTracer.Storage.Postgres.Connections;

/// <summary>
/// A table that gives strings numbers. Rows are never deleted and are committed at once, on a connection of their own, so a number stays
/// valid whatever becomes of the transaction that asked for it, and what is remembered here is never wrong.
/// </summary>
/// <param name="source">Opens connections.</param>
/// <param name="table">The table: <c>text</c> or <c>peer</c>.</param>
/// <param name="column">Its column with the string.</param>
internal sealed class StringTable(NpgsqlDataSource source, string table, string column) : INumberedStrings
{
    /// <summary>Strings remembered: some 100 MB.</summary>
    private const int MaxRemembered = 500_000;

    /// <summary>Neighbours read together: strings that came together are asked for together.</summary>
    private const long Neighbours = 1024;

    private readonly ConcurrentDictionary<string, long> _numbers = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<long, string> _strings = new();

    /// <inheritdoc/>
    public string Get(long number)
    {
        if (_strings.TryGetValue(number, out var text))
        {
            return text;
        }

        using var connection = source.OpenConnection();
        using var command = new NpgsqlCommand($"SELECT no, {column} FROM {table} WHERE no BETWEEN $1 AND $2", connection);
        var first = number / Neighbours * Neighbours;
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = first });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = first + Neighbours - 1 });
        using var reader = command.ExecuteReader();
        string? found = null;
        while (reader.Read())
        {
            Remember(reader.GetInt64(0), reader.GetString(1));
            found = reader.GetInt64(0) == number ? reader.GetString(1) : found;
        }

        return found ?? throw new InvalidDataException($"The database is damaged: {table} {number} is not there.");
    }

    /// <summary>The number of a string; null if no trace has it.</summary>
    public long? Find(string value)
    {
        var text = PostgresText.Of(value);
        if (_numbers.TryGetValue(text, out var number))
        {
            return number;
        }

        using var connection = source.OpenConnection();
        Read(connection, [text]);
        return _numbers.TryGetValue(text, out number) ? number : null;
    }

    /// <summary>The number of a string, which is added if it is new.</summary>
    public long Intern(string value)
    {
        var text = PostgresText.Of(value);
        if (!_numbers.TryGetValue(text, out var number))
        {
            Add([text]);
            number = _numbers[text];
        }

        return number;
    }

    /// <summary>Adds the strings that are new, and remembers the numbers of all.</summary>
    public void Add(IEnumerable<string> values)
    {
        if (_numbers.Count > MaxRemembered)
        {
            _numbers.Clear();
            _strings.Clear();
        }

        var wanted = values.Select(PostgresText.Of).Where(text => !_numbers.ContainsKey(text)).Distinct(StringComparer.Ordinal).ToArray();
        if (wanted.Length == 0)
        {
            return;
        }

        using var connection = source.OpenConnection();
        Read(connection, wanted);
        var missing = Array.FindAll(wanted, text => !_numbers.ContainsKey(text));
        if (missing.Length == 0)
        {
            return;
        }

        // All processes add in the order of the digests, so none waits for one that waits for it.
        using (
            var insert = new NpgsqlCommand(
                $"INSERT INTO {table} (digest, {column}) SELECT d, v FROM unnest($1, $2) AS u(d, v) ORDER BY d "
                    + "ON CONFLICT (digest) DO NOTHING",
                connection
            )
        )
        {
            insert.Parameters.Add(new NpgsqlParameter<byte[][]> { TypedValue = Array.ConvertAll(missing, Digest) });
            insert.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = missing });
            insert.ExecuteNonQuery();
        }

        Read(connection, missing);
    }

    private static byte[] Digest(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));

    private void Read(NpgsqlConnection connection, string[] texts)
    {
        using var command = new NpgsqlCommand($"SELECT no, {column} FROM {table} WHERE digest = ANY($1)", connection);
        command.Parameters.Add(new NpgsqlParameter<byte[][]> { TypedValue = Array.ConvertAll(texts, Digest) });
        using var reader = command.ExecuteReader();
        while (reader.Read())
        {
            Remember(reader.GetInt64(0), reader.GetString(1));
        }
    }

    private void Remember(long number, string text)
    {
        _numbers[text] = number;
        _strings[number] = text;
    }
}
