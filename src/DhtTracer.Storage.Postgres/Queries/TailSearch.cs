using Dapper;
using DhtTracer.Analysis.Keys;
using DhtTracer.Storage.Postgres.Connections;
using DhtTracer.Storage.Rows;
using Npgsql;

namespace DhtTracer.Storage.Postgres.Queries;

/// <summary>
/// Finds keys and peers by their last characters, which is how pages shorten long ids. No index covers endings, so each search reads all
/// keys or all peers once. It runs only if neither the whole nor the beginning finds anything.
/// </summary>
internal static class TailSearch
{
    private const int MaxKeys = 50;

    // Letters and digits that base58 does not use.
    private static readonly System.Buffers.SearchValues<char> NoDigits = System.Buffers.SearchValues.Create("0OIl");

    /// <summary>Texts of keys with this ending, at most 50.</summary>
    public static string[] Keys(NpgsqlConnection connection, ListTable table, string tail)
    {
        var text = PostgresText.Of(tail);
        return
        [
            .. connection.Query<string>(
                $"SELECT DISTINCT key_text FROM {ListFilter.NameOf(table)} WHERE right(key_text, @length) = @text LIMIT {MaxKeys}",
                new { text, length = text.Length }
            ),
        ];
    }

    /// <summary>The peer with this id if the archive has it, else peers whose base58 ends with the text.</summary>
    public static IReadOnlyList<string> Peers(NpgsqlConnection connection, StringTables strings, string text, int limit)
    {
        var search = KeySearch.Parse(text);
        foreach (var reading in search.Candidates)
        {
            if (reading.PeerId is { } peer && strings.Peers.Find(peer) is not null)
            {
                return [peer];
            }
        }

        return search.Tail is { } tail && tail.AsSpan().IndexOfAny(NoDigits) < 0
            ?
            [
                .. connection.Query<string>(
                    "SELECT id FROM peer WHERE right(id, @length) = @tail ORDER BY no LIMIT @limit",
                    new
                    {
                        tail,
                        length = tail.Length,
                        limit,
                    }
                ),
            ]
            : [];
    }
}
