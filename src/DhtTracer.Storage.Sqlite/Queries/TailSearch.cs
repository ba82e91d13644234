using Dapper;
using DhtTracer.Analysis.Keys;
using DhtTracer.Storage.Rows;
using DhtTracer.Storage.Sqlite.Connections;
using Microsoft.Data.Sqlite;

namespace DhtTracer.Storage.Sqlite.Queries;

/// <summary>
/// Finds keys and peers by their last characters, which is how pages shorten long ids. No index covers endings, so each search reads all
/// keys or all peers once. It runs only if neither the whole nor the beginning finds anything.
/// </summary>
internal static class TailSearch
{
    private const string Name = "peer_ends";
    private const int MaxKeys = 50;

    // Letters and digits that base58 does not use.
    private static readonly System.Buffers.SearchValues<char> NoDigits = System.Buffers.SearchValues.Create("0OIl");

    /// <summary>Registers the function on a connection.</summary>
    public static void Register(SqliteConnection connection) =>
        connection.CreateFunction<object?, string, bool>(
            Name,
            static (id, tail) => PeerText.Of(id)?.EndsWith(tail, StringComparison.Ordinal) == true,
            isDeterministic: true
        );

    /// <summary>Texts of keys with this ending, at most 50.</summary>
    public static IReadOnlyList<string> Keys(SqliteConnection connection, ListTable table, string tail) =>
        connection
            .Query<string>(
                $"SELECT DISTINCT key_text FROM {QueryList.NameOf(table)} WHERE key_text IS NOT NULL AND substr(key_text, -@length) "
                    + $"= @tail LIMIT {MaxKeys}",
                new { tail, length = tail.Length }
            )
            .AsList();

    /// <summary>The peer with this id if the archive has it, else peers whose base58 ends with the text.</summary>
    public static IReadOnlyList<string> Peers(SqliteConnection connection, string text, int limit)
    {
        var search = KeySearch.Parse(text);
        foreach (var reading in search.Candidates)
        {
            if (reading.PeerId is { } peer && PeerTable.Find(connection, peer) is not null)
            {
                return [peer];
            }
        }

        return search.Tail is { } tail && tail.AsSpan().IndexOfAny(NoDigits) < 0
            ?
            [
                .. connection
                    .Query<PeerRow>($"SELECT id FROM peer WHERE {Name}(id, @tail) LIMIT @limit", new { tail, limit })
                    .Select(static row => PeerText.Of(row.Id)!),
            ]
            : [];
    }

    private sealed class PeerRow
    {
        /// <summary>A blob or a text, see <see cref="PeerTable"/>.</summary>
        public object? Id { get; init; }
    }
}
