using DhtTracer.Storage.Packed;
using Npgsql;

namespace DhtTracer.Storage.Postgres.Connections;

/// <summary>The tables of strings.</summary>
internal sealed class StringTables(NpgsqlDataSource source) : IStringNumbers
{
    /// <summary>Texts of every kind.</summary>
    public StringTable Texts { get; } = new(source, "text", "value");

    /// <summary>Peer ids.</summary>
    public StringTable Peers { get; } = new(source, "peer", "id");

    /// <inheritdoc/>
    public long OfPeer(string peer) => Peers.Intern(peer);

    /// <inheritdoc/>
    public long OfText(string text) => Texts.Intern(text);

    /// <summary>The number of a peer id; null for null.</summary>
    public long? OfPeerOrNull(string? peer) => peer is null ? null : OfPeer(peer);

    /// <summary>The number of a text; null for null.</summary>
    public long? OfTextOrNull(string? text) => text is null ? null : OfText(text);
}
