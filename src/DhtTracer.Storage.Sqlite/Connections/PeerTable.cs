using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using DhtTracer.Multiformats;
using Microsoft.Data.Sqlite;

namespace DhtTracer.Storage.Sqlite.Connections;

/// <summary>
/// Stores peer ids. If the text is plain base58 of a multihash, the table holds the multihash, which saves a quarter; else it holds the
/// text. The index covers the first eight bytes of the id's SHA-256: an index on the ids would be as large as the table.
/// </summary>
internal static class PeerTable
{
    private const string FindSql = "SELECT no FROM peer WHERE hash = ?1 AND id = ?2";

    public static Statement PrepareFind(SqliteConnection connection) => new(connection, FindSql);

    public static Statement PrepareInsert(SqliteConnection connection) =>
        new(connection, "INSERT INTO peer (hash, id) VALUES (?1, ?2) RETURNING no");

    /// <summary>Binds a peer id to the two parameters of either statement.</summary>
    public static Statement Bind(Statement statement, string peer)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        if (Base58.Decode(peer, out var bytes) == MultiformatError.None && bytes.Length > 0 && Base58.Encode(bytes) == peer)
        {
            SHA256.HashData(bytes, digest);
            return statement.Bind(1, BinaryPrimitives.ReadInt64BigEndian(digest)).Bind(2, bytes);
        }

        SHA256.HashData(Encoding.UTF8.GetBytes(peer), digest);
        return statement.Bind(1, BinaryPrimitives.ReadInt64BigEndian(digest)).Bind(2, peer);
    }

    /// <summary>The number of a peer; null if no trace has it.</summary>
    public static long? Find(SqliteConnection connection, string peer)
    {
        using var find = PrepareFind(connection);
        return Bind(find, peer).RunScalar();
    }

    /// <summary>Reads the peer id, spelled as in the traces, from a column of the current row.</summary>
    public static string Read(Statement statement, int column) =>
        statement.IsBlob(column) ? Base58.Encode(statement.GetBlob(column)) : Encoding.UTF8.GetString(statement.GetBlob(column));
}
