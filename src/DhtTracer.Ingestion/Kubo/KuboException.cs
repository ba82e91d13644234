namespace DhtTracer.Ingestion.Kubo;

/// <summary>Why a Kubo did not run a command, or not to its end.</summary>
public enum KuboProblem
{
    /// <summary>The address, the key or the authorization cannot be used; nothing was sent.</summary>
    BadRequest = 0,

    /// <summary>Nobody answers at the address.</summary>
    Unreachable = 1,

    /// <summary>The API wants an authorization, or another one (403 of a Kubo, 401 of a proxy).</summary>
    Unauthorized = 2,

    /// <summary>403: the API refuses the origin of the request.</summary>
    Forbidden = 3,

    /// <summary>What answers is no RPC API of a Kubo: 404, 405, or an answer in another form.</summary>
    NotKubo = 4,

    /// <summary>The daemon has no DHT for this command, or is not online.</summary>
    NoDht = 5,

    /// <summary>The daemon refused the command itself.</summary>
    Refused = 6,

    /// <summary>The connection was lost before the end of the answer.</summary>
    Cut = 7,

    /// <summary>The answer is larger than is read.</summary>
    TooLarge = 8,
}

/// <summary>A Kubo did not run a command, or not to its end.</summary>
/// <param name="problem">Why.</param>
/// <param name="message">Where, what, and the remedy. Holds text of the daemon: hostile.</param>
/// <param name="cause">The cause, if there is one.</param>
public sealed class KuboException(KuboProblem problem, string message, Exception? cause = null) : Exception(message, cause)
{
    /// <summary>Why.</summary>
    public KuboProblem Problem => problem;
}
