using Microsoft.Data.Sqlite;

namespace DhtTracer.Storage.Sqlite;

/// <summary>Looks into the packed peers of a query from SQL: whether it dialed or asked a peer.</summary>
internal static class PeersFunction
{
    private const string Name = "peers_have";

    /// <summary>Makes the function known to a connection.</summary>
    public static void Register(SqliteConnection connection) =>
        connection.CreateFunction<byte[]?, long, bool>(
            Name,
            static (peers, peer) => peers is not null && PeerIndex.Contacted(peers).Contains(peer),
            isDeterministic: true
        );

    /// <summary>That the packed peers of <c>x</c> hold the peer whose number a parameter holds.</summary>
    public static string Condition(string parameter) => $"{Name}(x.data, @{parameter})";
}
