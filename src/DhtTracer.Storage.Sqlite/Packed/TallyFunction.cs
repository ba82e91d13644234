using System.Runtime.InteropServices;
using Dapper;
using DhtTracer.Storage.Packed;
using Microsoft.Data.Sqlite;

namespace DhtTracer.Storage.Sqlite.Packed;

/// <summary>
/// An SQL function that reads the packed tallies of operations and queries: whether one had a failure of a class, or met a peer of an agent
/// version. Separate rows would be as many as all peers of all queries; the tally is read anyway with its row.
/// </summary>
internal static class TallyFunction
{
    /// <summary>Error classes of dials and requests.</summary>
    public const int Errors = 0;

    /// <summary>Agent versions of peers.</summary>
    public const int Agents = 1;

    private const string Name = "tally_has";

    /// <summary>Registers the function on a connection.</summary>
    public static void Register(SqliteConnection connection) =>
        connection.CreateFunction<byte[]?, int, byte[], bool>(
            Name,
            static (tally, list, numbers) => Has(tally, list, MemoryMarshal.Cast<byte, long>(numbers)),
            isDeterministic: true
        );

    /// <summary>SQL condition: the tally of <c>q</c> contains one of some texts.</summary>
    /// <param name="list"><see cref="Errors"/> or <see cref="Agents"/>.</param>
    /// <param name="parameter">Name of the parameter that holds <see cref="NumbersOf"/>.</param>
    public static string Condition(int list, string parameter) => $"{Name}(q.tally, {list}, @{parameter})";

    /// <summary>The numbers of a text, or of all texts with this beginning, in order; empty if no trace has such a text.</summary>
    public static byte[] NumbersOf(SqliteConnection connection, string text, bool prefix)
    {
        // U+10FFFF sorts after every character that may follow.
        var numbers = prefix
            ? connection.Query<long>("SELECT no FROM text WHERE value >= @text AND value < @end", new { text, end = text + "\U0010FFFF" })
            : connection.Query<long>("SELECT no FROM text WHERE value = @text", new { text });
        return MemoryMarshal.AsBytes(numbers.Order().ToArray().AsSpan()).ToArray();
    }

    private static bool Has(ReadOnlySpan<byte> tally, int list, ReadOnlySpan<long> numbers)
    {
        if (tally.IsEmpty || numbers.IsEmpty)
        {
            return false;
        }

        for (var skipped = 0; skipped <= list; skipped++)
        {
            for (var left = Varint.Read(ref tally); left > 0; left--)
            {
                var text = (long)Varint.Read(ref tally);
                Varint.Read(ref tally);
                if (skipped == list && numbers.BinarySearch(text) >= 0)
                {
                    return true;
                }
            }
        }

        return false;
    }
}
